"""Proofs of similar theorems, asked for after a model that has no idea."""

import pytest

from coq_checker.client import CheckerClient, FreeStatement
from prover import Finished, ProofVerdict, Prover, ProveTask
from prover.events import Event, Generated
from prover.ports import Answers, Format, Question
from prover.server.schema import FillRequest
from prover.server.settings import ProverServerSettings
from prover.server.work import Works

from .proposing import Saying

# Nothing that is tried before the model closes it.
STATEMENT = FreeStatement("Theorem t (f : nat -> nat) : (forall n, f (S n) = f n) -> forall n, f n = f 0.")
PROOF = "intros h n; induction n as [| n IH]; [reflexivity | rewrite h; exact IH]."


class Whole(Saying):
    """A model that makes whole proofs only."""

    async def format(self, layout: str, printing: str) -> Format:
        return Format(layout or "sft", printing or "default", tactics=False)

    async def tactics(self, question: Question, count: int) -> Answers:
        raise AssertionError("it offers none")


class Asked(Saying):
    """Counts the questions for tactics."""

    asked_tactics = 0

    async def tactics(self, question: Question, count: int) -> Answers:
        self.asked_tactics += 1
        return await super().tactics(question, count)


async def work(prover: Prover, task: ProveTask) -> tuple[list[Event], Finished]:
    events = [event async for event in prover.prove(task)]
    last = events[-1]
    assert isinstance(last, Finished)
    return events, last


async def test_they_prove_what_the_model_does_not(checker_async: CheckerClient) -> None:
    prover = Prover(checker_async, Whole("intros; reflexivity."), neighbours=Saying("intros; lia.", PROOF))
    events, done = await work(prover, ProveTask(STATEMENT, budget_cpu_s=20, hammer=False))
    assert (done.verdict, done.how) == (ProofVerdict.PROVED, "neighbours"), done
    assert [(one.source, one.script) for one in events if isinstance(one, Generated)] == [
        ("model", "intros; reflexivity."),
        ("neighbours", "intros; lia."),
        ("neighbours", PROOF),
    ]
    # What the model cost is the model's alone.
    assert (done.model, done.model_answers, done.prompt_tokens, done.completion_tokens) == ("saying", 1, 7, 3)
    assert [one.name for one in done.stages][-2:] == ["model", "neighbours"]


@pytest.mark.parametrize("without", [{"neighbours": False}, {"retrieval": False}, {"use_model": False}])
async def test_they_are_asked_only_where_it_is_wished(checker_async: CheckerClient, without: dict[str, bool]) -> None:
    neighbours = Asked(PROOF)
    task = ProveTask(STATEMENT, budget_cpu_s=3, hammer=False, **without)  # type: ignore[arg-type]
    events, done = await work(Prover(checker_async, Whole(), neighbours=neighbours), task)
    assert neighbours.asked == [] and neighbours.asked_tactics == 0
    assert all(one.source == "model" for one in events if isinstance(one, Generated))
    assert "neighbours" not in [one.name for one in done.stages]


async def test_their_tactics_stand_in_for_those_of_a_model_without(checker_async: CheckerClient) -> None:
    false = FreeStatement("Theorem t (P Q : nat -> Prop) : P 3 -> Q 4.")
    neighbours = Asked(tactics=("intros p.",))
    await work(Prover(checker_async, Whole(), neighbours=neighbours), ProveTask(false, budget_cpu_s=5, hammer=False))
    assert neighbours.asked_tactics > 0
    neighbours, model = Asked(), Asked()
    await work(Prover(checker_async, model, neighbours=neighbours), ProveTask(false, budget_cpu_s=5, hammer=False))
    assert model.asked_tactics > 0 and neighbours.asked_tactics == 0


async def test_without_them_the_work_goes_on(checker_async: CheckerClient) -> None:
    false = FreeStatement("Theorem t : 0 = 1.")
    prover = Prover(checker_async, Whole("auto."), neighbours=Saying(error="it is away"))
    events, done = await work(prover, ProveTask(false, budget_cpu_s=3, hammer=False))
    told = [one for one in events if isinstance(one, Generated) and one.source == "neighbours"]
    assert [one.message for one in told] == ["it is away"]
    assert "it is away" not in done.message


async def test_a_text_with_a_draft_is_filled_without_a_model_where_none_is_wished(checker_async: CheckerClient) -> None:
    model, neighbours = Asked("auto."), Asked(PROOF)
    works = Works(ProverServerSettings(), checker_async, model, None, neighbours)
    text = "Theorem t (P Q : nat -> Prop) : P 3 -> Q 4 /\\ P 3.\nProof. split. admit. auto. Admitted.\n"
    request = FillRequest(text=text, use_model=False, hammer=False, budget_cpu_s=3)
    told = await works.fill(request)(lambda event: None)
    assert told["filled"] == 0 and told["places"] == 1
    assert [*model.asked, *neighbours.asked] == []
    assert model.asked_tactics + neighbours.asked_tactics == 0
