"""Prompts: byte for byte, back again, within their budget; and the proofs in answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coqdata.prompts import (
    INSTRUCT,
    LAYOUTS,
    MAX_ANSWER_CHARS,
    SFT,
    TACTIC,
    Context,
    Hypothesis,
    Known,
    KnownProof,
    Layout,
    Message,
    PromptFormat,
    ProofState,
    estimate_tokens,
    one_line,
    parse_messages,
    parse_prompt,
    proof_body,
    proof_of_answer,
    tactic_of_answer,
)
from coqdata.sentence import split

from ..conftest import SHARED

ADD = ProofState((Hypothesis("n", "nat"), Hypothesis("H", "n = 0")), "n + 0 = 0")
MONOID = ProofState((), "@monoid_theory nat nat_join O")
CONTEXT = Context(
    definitions=(Known("double", "double = fun n : nat => n + n"),),
    premises=tuple(Known(f"lemma_{number}", "forall n : nat, n + 0 = n") for number in range(200)),
    similar=(KnownProof("Lemma foo : forall n, 0 + n = n.", "Proof. reflexivity. Qed."),),
)


def text_of(layout: Layout, state: ProofState, context: Context = CONTEXT) -> str:
    return layout.render(state, context).messages[-1].content


def test_sft_is_as_specified_byte_for_byte() -> None:
    assert SFT.render(ADD).messages == (
        Message("user", "Solve This Proof State:\n\nHypotheses:\nn: nat\nH: n = 0\n\nGoal:\nn + 0 = 0\n\n"),
    )
    assert SFT.render(MONOID).messages == (
        Message("user", "Solve This Proof State:\n\nHypotheses:\n\nGoal:\n@monoid_theory nat nat_join O\n\n"),
    )
    assert SFT.answer("split; auto.") == "```coq\nsplit; auto.\nQed.\n```"
    assert SFT.answer("Proof.\nsplit; auto.\nQed.") == "```coq\nsplit; auto.\nQed.\n```"


def test_sft_shows_no_context_and_no_bodies() -> None:
    state = ProofState((Hypothesis("x", "nat", "3"),), "x = 3")
    assert text_of(SFT, state) == "Solve This Proof State:\n\nHypotheses:\nx: nat\n\nGoal:\nx = 3\n\n"


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_']{0,8}", fullmatch=True) | st.sampled_from(["été", "α", "x'"])
terms = st.text(min_size=1, max_size=80).map(one_line).filter(bool) | st.sampled_from(
    ["Goal:", "Hypotheses:", "x: nat", "let y := 3 in y = 3", "Proof state to solve:", "```coq", "Give the proof."]
)


@st.composite
def states(draw: st.DrawFn, *, bodies: bool) -> ProofState:
    hypotheses = draw(st.lists(st.tuples(names, terms, st.none() | terms), max_size=6, unique_by=lambda one: one[0]))
    return ProofState(
        tuple(Hypothesis(name, kind, body if bodies else None) for name, kind, body in hypotheses), draw(terms)
    )


@given(states(bodies=False))
def test_sft_round_trip(state: ProofState) -> None:
    assert SFT.parse(text_of(SFT, state)) == state


@given(
    states(bodies=True), st.lists(st.tuples(names, terms), max_size=3), st.lists(st.tuples(terms, terms), max_size=3)
)
def test_instruct_and_tactic_round_trip_under_any_context(
    state: ProofState, known: list[tuple[str, str]], proofs: list[tuple[str, str]]
) -> None:
    told = tuple(Known(name, statement) for name, statement in known)
    context = Context(told, told, tuple(KnownProof(statement, proof) for statement, proof in proofs))
    for layout in (INSTRUCT, TACTIC):
        parsed = parse_messages(layout.render(state, context).messages)
        assert parsed is not None
        assert parsed.state == state
        assert parsed.layout.name == layout.name


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed is None or parsed.state.goal


def test_messages_that_lost_their_ends_are_read() -> None:
    for layout in LAYOUTS.values():
        stripped = text_of(layout, ADD).strip()
        parsed = parse_messages([{"role": "user", "content": stripped}, {"role": "assistant", "content": "?"}])
        assert parsed is not None
        assert parsed.state == ADD
    assert parse_messages([]) is None
    assert parse_messages([{"role": "system", "content": "Goal:\nTrue"}]) is None


def test_goals_as_a_service_prints_them() -> None:
    @dataclass(frozen=True)
    class Printed:
        names: tuple[str, ...]
        type: str
        body: str | None = None

    @dataclass(frozen=True)
    class Goal:
        hypotheses: tuple[Printed, ...]
        conclusion: str

    goal = Goal((Printed(("n", "m"), "nat"), Printed(("H",), "n =\n    m")), "m =\n  n\n")
    assert ProofState.of(goal) == ProofState(
        (Hypothesis("n", "nat"), Hypothesis("m", "nat"), Hypothesis("H", "n = m")), "m = n"
    )


def test_instruct_has_rules_examples_and_context_within_the_budget() -> None:
    whole = INSTRUCT.render(ADD, CONTEXT, budget_tokens=100_000)
    assert [one.role for one in whole.messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert whole.left_out == 0
    assert "lemma_199" in whole.messages[-1].content
    bare = INSTRUCT.render(ADD, budget_tokens=0)
    for budget in range(bare.tokens, bare.tokens + 600, 37):
        prompt = INSTRUCT.render(ADD, CONTEXT, budget_tokens=budget)
        counted = sum(estimate_tokens(one.content) + 4 for one in prompt.messages)
        assert counted <= prompt.tokens <= budget
        assert prompt.left_out + prompt.messages[-1].content.count("\n- ") == 202
    # A counter of one's own is what counts.
    assert INSTRUCT.render(ADD, CONTEXT, budget_tokens=4000, count=len).left_out > whole.left_out


@pytest.mark.parametrize(
    ("version", "said"),
    [("8.20.1", "in Coq 8.20"), ("", "in Coq 8.20"), ("9.2", "in Rocq 9.2 (which was"), ("9.3+rc1", "in Rocq 9.3 (")],
)
def test_a_model_is_told_what_judges_its_answer(version: str, said: str) -> None:
    for layout in (INSTRUCT, TACTIC):
        system = layout.render(ADD, coq_version=version).messages[0].content
        assert f"You prove theorems {said}" in system
        assert "{" not in system
        # What is read back does not hang on it.
        parsed = parse_messages(layout.render(ADD, coq_version=version).messages)
        assert parsed is not None and parsed.state == ADD
    assert SFT.render(ADD, coq_version=version) == SFT.render(ADD)


def test_the_state_stands_whole_even_beyond_the_budget() -> None:
    big = ProofState((Hypothesis("H", "x = " + "y + " * 5000 + "z"),), "True")
    prompt = INSTRUCT.render(big, CONTEXT, budget_tokens=100)
    assert prompt.left_out == 202
    parsed = parse_messages(prompt.messages)
    assert parsed is not None
    assert parsed.state == big


def test_a_long_premise_is_shortened_in_its_middle() -> None:
    long = Known("long", "forall " + "x " * 3000 + ", last")
    text = text_of(INSTRUCT, ADD, Context(premises=(long,)))
    assert "- long: forall x" in text
    assert ", last" in text
    assert len(text) < 2000


def test_the_answers_of_the_examples_are_read_back() -> None:
    for layout in (INSTRUCT, TACTIC):
        answers = [one.content for one in layout.render(ADD).messages if one.role == "assistant"]
        assert len(answers) == 2
        for answer in answers:
            body = proof_of_answer(answer)
            assert body is not None
            assert layout.answer(body) == answer


def test_formats() -> None:
    coqgym = PromptFormat.named("sft/coqgym")
    assert coqgym.name == "sft/coqgym"
    assert coqgym.printing.commands[0] == "Unset Printing Notations."
    assert len(coqgym.printing.commands) == 9
    assert PromptFormat.named("instruct").printing.commands == ()
    with pytest.raises(ValueError, match="no prompt layout 'gpt': choose one of sft, instruct, tactic"):
        PromptFormat.named("gpt")
    with pytest.raises(ValueError, match="no printing profile 'pretty'"):
        PromptFormat.named("sft/pretty")


@given(st.text(max_size=2000))
def test_the_estimate_is_never_negative_and_adds_up(text: str) -> None:
    whole = estimate_tokens(text)
    assert whole >= 0
    assert whole <= estimate_tokens(text[: len(text) // 2]) + estimate_tokens(text[len(text) // 2 :])


BODY = "intros n.\ninduction n; auto."


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (f"```coq\n{BODY}\nQed.\n```", BODY),
        (f"```coq\nProof.\n{BODY}\nQed.\n```", BODY),
        (f"```\n{BODY}\n```", BODY),
        (f"```Coq\n{BODY}\n```\nThis proof works by induction.", BODY),
        (f"``` {{.coq}}\n{BODY}\n```", BODY),
        (f"```ocaml\n{BODY}\nQed.\n```", BODY),
        (f"Sure! Here is the proof:\n\n```coq\n{BODY}\nQed.```", BODY),
        (f"```coq\n{BODY}\nQed.", BODY),
        (f"```coq\n```coq\n{BODY}\nQed.\n```", BODY),
        ("```intros n. induction n; auto.```", "intros n. induction n; auto."),
        ("```\n\n\nProof.\nintros; auto.\nQed.\n```", "intros; auto."),
        ("Proof:\n```\nauto.\n```", "auto."),
        ("apply foo. - intros A e. apply (sup A e).", "apply foo. - intros A e. apply (sup A e)."),
        ("auto.Qed.", "auto."),
        ("intros; auto", "intros; auto."),
        ("```coq\nintros. auto\n```", "intros.\nauto."),
        ("Proof.\n  lia.\nQed.\n\nThis is the whole proof. It uses lia.", "lia."),
        (
            "We proceed by induction on n.\n\ninduction n.\n- auto.\n- auto.\n\nThat is it.",
            "induction n.\n- auto.\n- auto.",
        ),
        (f"```coq\nLemma foo : forall n, n = n.\nProof.\n{BODY}\nQed.\n```", BODY),
        (f"```coq\nFrom Coq Require Import Lia.\n\nProof.\n{BODY}\nQed.\n```", BODY),
        ("```coq\nLemma helper : True.\nProof. exact I. Qed.\nTheorem foo : True.\nProof. auto. Qed.\n```", "auto."),
        ("```coq\nTheorem foo : True.\nProof. auto. Qed.\nLemma after : True.\nProof. exact I. Qed.\n```", "auto."),
        ("First `intros`:\n```coq\nintros.\n```\nso altogether\n```coq\nintros.\nauto.\nQed.\n```", "intros.\nauto."),
        ("```coq\nauto.\nQed.\n```\nor, longer:\n```coq\nintros; simpl; auto; trivial.\n```", "auto."),
        ("<think>\n```coq\nlia.\nQed.\n```\nno.\n</think>\n```coq\nauto.\n```", "auto."),
        ("```coq\nsplit.\n- admit. (* left *)\n- auto.\nAdmitted.\n```", "split.\n- admit. (* left *)\n- auto."),
        ("```coq\nsplit.\n- auto.\n- apply foo_ba", "split.\n- auto."),
        ("```coq\r\nintros.\r\nauto.\r\nQed.\r\n```", "intros.\nauto."),
        ("```coq\nmy_tactic foo.\ncrush.\nQed.\n```", "my_tactic foo.\ncrush."),
        ("```coq\nby rewrite addnC.\nQed.\n```", "by rewrite addnC."),
    ],
)
def test_the_proof_in_an_answer(answer: str, body: str) -> None:
    assert proof_of_answer(answer, "foo") == body


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "  \n ",
        "```coq\n```",
        "I'm sorry, but I can't help with that.",
        "I cannot prove this. The statement is false, as n = 0 shows.",
        "This follows by induction on n. The base case is trivial.",
        "Pour démontrer ce théorème, on raisonne par récurrence sur n. C'est immédiat.",
        "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>auto.</body></html>",
        "<html>\n```coq\nauto.\nQed.\n```\n</html>",
        "```lean\ntheorem foo (n : Nat) : n = n := by\n  rfl\n```",
        "```lean4\nby\n  simp [foo]\n```",
        '```isabelle\nlemma foo: "n = n"\nproof (induct n)\nqed\n```',
        "apply (induct n)\napply auto\ndone",
        "```python\ndef prove(n):\n    return n\n```",
        "#include <stdio.h>\nint main() { return 0; }",
        '{"error": {"message": "overloaded"}}',
        "<think>\n```coq\nauto.\nQed.\n```",
        "\0\0\0",
        "\ud800 auto.",
        "```coq\nintros n m",
    ],
)
def test_answers_without_a_proof(answer: str) -> None:
    assert proof_of_answer(answer) is None


@pytest.mark.timeout(120)  # what grows with the square of the length would take hours
def test_a_megabyte_of_anything_is_read() -> None:
    texts = [
        unit * (1_000_000 // len(unit)) for unit in ("auto. ", "a", "(", "(*", '"', "```", "`", ". ", "<", "\n", "- ")
    ]
    assert [proof_of_answer(text) for text in texts] == [None] * len(texts)
    good = "```coq\nauto.\nQed.\n```\n" + "so it is, as you can see. " * 40_000
    assert len(good) > MAX_ANSWER_CHARS
    assert proof_of_answer(good) == "auto."


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from(["```", "coq", "\n", "auto.", "Proof.", "Qed.", "(*", '"', "- "])).map("".join)
)
def test_whatever_comes_the_result_is_sentences_or_none(text: str) -> None:
    body = proof_of_answer(text)
    if body is not None:
        parts = split(body.encode())
        assert parts.problem is None
        assert parts.sentences
        assert proof_body(body) == body


def test_tactics() -> None:
    assert tactic_of_answer("```coq\n- apply foo.\n- auto.\n```") == "apply foo."
    assert tactic_of_answer("```coq\nintros x\n```") == "intros x."
    assert tactic_of_answer("I do not know.") is None


def recorded() -> Iterator[tuple[str, str]]:
    for file in sorted((SHARED / "palm_responses").glob("*/*.jsonl")):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            yield record["theorem"], record["response"]


@pytest.mark.shared
def test_recorded_answers_of_four_models() -> None:
    """Every answer that holds a complete sentence of a proof gives one."""
    read = empty = 0
    lost: list[str] = []
    for theorem, answer in recorded():
        if not re.sub(r"```\w*", "", answer).strip():
            empty += 1
        elif proof_of_answer(answer, theorem) is None:
            lost.append(answer)
        else:
            read += 1
    assert read > 6000
    assert empty > 300
    # Cut off in their first sentence, or beginning with a tactic that does not exist.
    assert len(lost) <= 5, lost
