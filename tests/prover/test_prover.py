"""The prover's core at work: real Coq behind a real checker; what is proved is checked here once more."""

import asyncio
import json
from dataclasses import replace

import pytest

from coq_checker.client import CheckerClient, FreeStatement, Goal, Options, TheoremRef
from prover import Event, Finished, ProofVerdict, Prover, ProverSettings, ProveTask
from prover.adapters import stated
from prover.events import Backtracked, Candidate, Failed, Filled, Generated, Hole, Ran, Repaired, Retrieved, Started
from prover.ports import Format, HelperError
from prover.script import Node

from .proposing import Knowing, Saying

LISTS = """
Require Import List Arith Lia. Import ListNotations.
Fixpoint total (l : list nat) : nat := match l with [] => 0 | x :: r => x + total r end.
Lemma total_app (l k : list nat) : total (l ++ k) = total l + total k.
Proof. induction l; simpl; lia. Qed.
"""
ALONE = {"use_model": False, "retrieval": False, "hammer": False}


async def work(prover: Prover, task: ProveTask) -> tuple[list[Event], Finished]:
    events = [event async for event in prover.prove(task)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert sum(isinstance(one, Finished) for one in events) == 1
    for event in events:
        assert json.loads(json.dumps(event.to_json()))["kind"] == event.kind
    return events, last


async def proved(checker: CheckerClient, task: ProveTask, done: Finished) -> None:
    assert done.verdict is ProofVerdict.PROVED, done
    options = Options(prelude=done.prelude, recheck=True, cpu_ms=60_000)
    result = await checker.check_proof(task.target, done.script, options=options)
    assert result.proved, (done.script, result)


@pytest.mark.parametrize(
    ("statement", "context"),
    [
        ("Theorem t (n m : nat) : n + m = m + n.", ""),
        ("Theorem t (P Q : Prop) : P /\\ Q <-> Q /\\ P.", ""),
        ("Theorem t (l : list nat) : total (l ++ []) = total l.", LISTS),
        ("Theorem t : forall (A : Type) (l : list A), l ++ nil = l.", "Require Import List."),
        ("Theorem t (f : nat -> nat) (k : nat) : f k = 3 -> exists n : nat, f n = 3 /\\ n = k.", "Require Import Lia."),
        ("Theorem t (b c : bool) : andb b c = andb c b.", ""),
    ],
)
async def test_without_model_retriever_and_hammer(checker_async: CheckerClient, statement: str, context: str) -> None:
    task = ProveTask(FreeStatement(statement, context), budget_cpu_s=30, **ALONE)  # type: ignore[arg-type]
    events, done = await work(Prover(checker_async), task)
    await proved(checker_async, task, done)
    assert isinstance(events[0], Started)
    assert done.cpu_s <= 30


async def test_an_opening_and_one_round_of_cheap_tactics(checker_async: CheckerClient) -> None:
    context = "Require Import Lia.\nFixpoint sum (n : nat) : nat := match n with O => O | S m => n + sum m end."
    task = ProveTask(FreeStatement("Theorem t (n m : nat) : n <= m -> sum n <= sum m.", context), 30, **ALONE)  # type: ignore[arg-type]
    _, done = await work(Prover(checker_async), task)
    await proved(checker_async, task, done)
    assert done.stages[-1].name == "begun", done.stages


async def test_one_step_back_with_a_premise(checker_async: CheckerClient) -> None:
    # The first goal that `eapply up` leaves is solved by `le_n`, after which the second is the statement.
    context = "Require Import Lia.\nAxiom good : nat -> Prop. Axiom up : forall x y, x <= y -> good x -> good y."
    target = FreeStatement("Theorem t a : good (2 * a) -> good (a + a + 1).", context)
    task = ProveTask(target, 30, use_model=False, hammer=False)
    _, done = await work(Prover(checker_async, retriever=Knowing("up")), task)
    await proved(checker_async, task, done)
    assert done.stages[-1].name == "premises", done.stages


async def test_induction_on_the_second_premise(checker_async: CheckerClient) -> None:
    context = (
        "Inductive tree := leaf | node (l : tree) (x : nat) (r : tree).\n"
        "Inductive all (P : nat -> Prop) : tree -> Prop := none : all P leaf\n"
        "| more l x r : all P l -> P x -> all P r -> all P (node l x r).\n"
        "Fixpoint put (b : nat -> bool) (x : nat) (t : tree) : tree := match t with leaf => node leaf x leaf\n"
        "| node l y r => if b y then node (put b x l) y r else node l y (put b x r) end."
    )
    statement = "Theorem t (P : nat -> Prop) (b : nat -> bool) x t : P x -> all P t -> all P (put b x t)."
    task = ProveTask(FreeStatement(statement, context), 30, **ALONE)  # type: ignore[arg-type]
    _, done = await work(Prover(checker_async), task)
    await proved(checker_async, task, done)
    assert done.stages[-1].name == "begun" and "induction 2." in done.script, done


def test_what_a_text_states_is_offered_the_last_first() -> None:
    context = "Axiom a : 1 = 2.\nLemma b : True. Proof. exact I. Qed.\nModule M. Lemma c : 2 = 2. Admitted. End M."
    assert [name for name, _ in stated(context)] == ["M.c", "b", "a"]
    assert "True" in dict(stated(context))["b"]
    assert "True" not in dict(stated(context))["a"]


async def test_a_theorem_of_a_project(checker_async: CheckerClient) -> None:
    theorems = [one async for one in checker_async.theorems("examples", "Arith.v")]
    task = ProveTask(TheoremRef("examples", theorems[0].qualified_name, "Arith.v"), budget_cpu_s=30)
    _, done = await work(Prover(checker_async), task)
    await proved(checker_async, task, done)


async def test_a_whole_proof_of_the_model_is_taken_as_it_stands(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t : forall l k, total (l ++ k) = total (k ++ l).", LISTS)
    answer = "```coq\nintros l k; rewrite !total_app.\n(* by arithmetic *) apply Nat.add_comm.\nQed.\n```"
    task = ProveTask(statement, budget_cpu_s=20, hammer=False)
    events, done = await work(Prover(checker_async, Saying("nonsense.", answer)), task)
    await proved(checker_async, task, done)
    if done.how == "model":
        assert "by arithmetic" in done.script
        assert [one.script for one in events if isinstance(one, Generated)][1].startswith("intros l k;")
    else:
        assert not any(isinstance(one, Generated) for one in events), "something cheaper came first"


async def test_the_end_tells_what_each_stage_and_the_model_took(checker_async: CheckerClient) -> None:
    task = ProveTask(FreeStatement("Theorem t : 0 = 1."), samples=2, budget_cpu_s=3, hammer=False)
    _, done = await work(Prover(checker_async, Saying("auto.", "trivial.")), task)
    assert done.verdict is not ProofVerdict.PROVED
    assert [one.name for one in done.stages][:3] == ["start", "cheap", "model"]
    assert sum(one.cpu_s for one in done.stages) == pytest.approx(done.cpu_s)
    assert sum(one.wall_s for one in done.stages) <= done.wall_s
    assert (done.model, done.model_answers) == ("saying", 2)
    assert done.prompt_tokens >= 7
    assert done.completion_tokens >= 3


async def test_goals_beside_each_other_are_worked_on_at_the_same_time(checker_async: CheckerClient) -> None:
    # Each goal needs more than the first round of tactics, and none needs another one.
    goal = "(exists n m, n * n + m * m = {} /\\ 2 < n)"
    statement = FreeStatement("Theorem t : " + " /\\ ".join(goal.format(number) for number in (3, 6, 7)) + ".")
    task = ProveTask(statement, budget_cpu_s=6, hammer=False, samples=1, jobs=2)
    events, done = await work(Prover(checker_async, Saying("repeat split.")), task)
    assert done.verdict is not ProofVerdict.PROVED
    opened = 0
    most = 0
    for event in events:
        if isinstance(event, Hole):
            opened += 1
        elif isinstance(event, Filled | Failed):
            opened -= 1
        most = max(most, opened)
    assert most == 2


async def test_many_at_a_time_spend_no_more_than_the_budget(checker_async: CheckerClient) -> None:
    loops = [f"idtac {'; idtac' * number}. do 1000000000 (try fail)." for number in range(12)]
    task = ProveTask(FreeStatement("Theorem t : 0 = 1."), budget_cpu_s=4, hammer=False, samples=12, jobs=12)
    _, done = await work(Prover(checker_async, Saying(*loops)), task)
    assert done.verdict is not ProofVerdict.PROVED
    # A check may take a little more than what it was given: for its path, and for a worker made anew.
    assert done.cpu_s < 6


class Made(Saying):
    """A model that was made for a format of its own."""

    async def format(self, layout: str, printing: str) -> Format:
        if printing == "default":
            raise HelperError("it was made for the profile 'coqgym'.")
        return Format(layout or "instruct", "coqgym", tactics=False)


async def test_a_model_is_asked_in_the_format_that_it_was_made_for(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t : forall n : nat, n * 0 + n = n + n.")
    model = Made("auto.")
    _, done = await work(Prover(checker_async, model), ProveTask(statement, budget_cpu_s=2, hammer=False))
    assert done.verdict is not ProofVerdict.PROVED
    assert {(one.layout, one.printing) for one in model.asked} == {("instruct", "coqgym")}
    assert "Nat.add" in model.asked[0].goal.conclusion
    model = Made("auto.")
    task = ProveTask(statement, budget_cpu_s=2, hammer=False, printing="default")
    events, _ = await work(Prover(checker_async, model), task)
    assert model.asked == []
    assert any("coqgym" in one.message for one in events if isinstance(one, Generated))


HARD = FreeStatement("Theorem t : forall l : list nat, total (rev l) = total l.", LISTS)


async def test_what_fails_is_repaired_and_bullets_are_made_anew(checker_async: CheckerClient) -> None:
    answer = """Proof.
induction l as [|x l IH].
* reflexivity.
* * simpl.
  rewrite totl_app.
  simpl.
  omega.
  - auto.
Qed."""
    task = ProveTask(HARD, budget_cpu_s=30, hammer=False)
    events, done = await work(Prover(checker_async, Saying(answer), Knowing("total_app", "no_such_name")), task)
    await proved(checker_async, task, done)
    if "search" not in done.how and any(isinstance(one, Generated) for one in events):
        repaired = {one.error_class for one in events if isinstance(one, Repaired)}
        assert "name_not_found" in repaired or any(isinstance(one, Filled) for one in events)
    retrieved = next(one for one in events if isinstance(one, Retrieved))
    assert retrieved.premises == ("total_app",), "a name that Coq does not know is not kept"


async def test_goals_that_share_variables_are_looked_at_again(checker_async: CheckerClient) -> None:
    context = "Lemma mid (P Q : nat -> Prop) (e : nat) : P e -> Q e -> exists x, P x /\\ Q x. Proof. eauto. Qed."
    statement = FreeStatement(
        "Theorem t (P Q : nat -> Prop) (p : P 7) (q : Q 7) (r : P 8) : exists x, P x /\\ Q x.", context
    )
    for answer in (
        "eapply mid. - exact p. - exact q.",
        "eapply mid. exact p. exact q.",
        "eapply mid. - nonsense. - exact q.",
    ):
        _, done = await work(Prover(checker_async, Saying(answer)), ProveTask(statement, budget_cpu_s=20, hammer=False))
        await proved(checker_async, ProveTask(statement), done)
    tree = Node(None)
    tree.apply("eapply mid.", "model", (Goal((), "P ?e"), Goal((), "Q ?e")), 2, 0.0)
    old = tree.children[1]
    tree.children = [tree.children[0], Node(Goal((), "Q 7"), tree)]
    assert not old.attached and tree.children[1].attached


async def test_a_false_start_is_taken_back(checker_async: CheckerClient) -> None:
    # The tactic before the hole leads nowhere: only without it the goal can be proved.
    statement = FreeStatement(
        "Theorem t (P : nat -> Prop) (f : nat -> nat) (h : forall n, P (f n)) (k : P (f 3)) : P (f (f 3)) /\\ True.",
        "",
    )
    task = ProveTask(statement, budget_cpu_s=20, hammer=False)
    _, done = await work(Prover(checker_async, Saying("split. clear h. auto. auto.")), task)
    await proved(checker_async, task, done)


async def test_a_false_statement_is_not_proved_and_holes_are_told(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t (n : nat) : n * 2 = n + 1 /\\ n = n.", "Require Import Lia.")
    task = ProveTask(statement, budget_cpu_s=4, hammer=False)
    events, done = await work(Prover(checker_async, Saying("split. - lia. - reflexivity.")), task)
    assert done.verdict in (ProofVerdict.NOT_PROVED, ProofVerdict.TIMEOUT)
    assert done.script == "" and done.message
    assert "admit." in done.partial and done.partial.endswith("Admitted.")
    assert done.holes >= 1
    assert any(isinstance(one, Backtracked) for one in events) or done.verdict is ProofVerdict.TIMEOUT
    assert any(isinstance(one, Ran) and not one.ok for one in events)
    assert done.model_answers == 1


async def test_the_budget_is_kept_across_parallel_work(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t (f : nat -> nat) : f 1 = f 2.", "Require Import Lia.")
    for jobs in (1, 4):
        task = ProveTask(statement, budget_cpu_s=2, jobs=jobs, hammer=False)
        _, done = await work(Prover(checker_async), task)
        assert done.verdict in (ProofVerdict.TIMEOUT, ProofVerdict.NOT_PROVED)
        # One check may pass the budget by what a worker needs to be made anew.
        assert done.cpu_s < 2 + 1


async def test_the_same_seed_tries_the_same(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t : forall l : list nat, total (l ++ l) = 2 * total l.", LISTS)
    task = ProveTask(statement, budget_cpu_s=20, seed=3, hammer=False)
    runs = []
    for _ in range(2):
        _, done = await work(Prover(checker_async, Saying("rewrite totl_app. foo."), Knowing("total_app")), task)
        runs.append((done.verdict, done.script, done.how))
    assert runs[0] == runs[1]


async def test_closing_the_iterator_stops_the_work(checker_async: CheckerClient) -> None:
    statement = FreeStatement("Theorem t (f : nat -> nat) : f 1 = f 2.")
    events = Prover(checker_async).prove(ProveTask(statement, budget_cpu_s=600, hammer=False))
    assert isinstance(await anext(events), Started)
    await events.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    left = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert not any(name.startswith(("Prover", "Coq")) for name in left)


@pytest.mark.parametrize("wrong", [{"budget_cpu_s": 0}, {"jobs": 0}, {"samples": 65}, {"layout": "chatty"}])
def test_a_task_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(ProveTask(FreeStatement("Theorem t : True.")), **wrong)  # type: ignore[arg-type]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_PROVER_ATP_LIMIT_S", "9")
    assert ProverSettings().atp_limit_s == 9


async def test_what_leaves_variables_on_the_shelf_has_not_closed_its_goal(checker_async: CheckerClient) -> None:
    context = """
Lemma any (n m : nat) (P : Prop) : n = m -> (m = n -> P) -> P. Proof. auto. Qed.
"""
    # `edestruct any` closes the goal in focus and leaves n and m on the shelf.
    statement = FreeStatement("Theorem t : True /\\ 2 + 2 = 4.", context)
    for answer in ("split. - edestruct any; eauto. - reflexivity.", "eapply any; eauto."):
        task = ProveTask(statement, budget_cpu_s=10, hammer=False)
        _, done = await work(Prover(checker_async, Saying(answer), Knowing("any")), task)
        await proved(checker_async, task, done)
    events, done = await work(
        Prover(checker_async, Saying("eapply any; eauto."), Knowing("any")),
        ProveTask(FreeStatement("Theorem t : 0 = 1.", context), budget_cpu_s=3, hammer=False),
    )
    assert done.verdict is not ProofVerdict.PROVED
    candidates = [one.script for one in events if isinstance(one, Candidate)]
    assert len(candidates) == len(set(candidates)), "what was refused is not sent again"
