"""CheckFile: every theorem of a file with the proof that stands in it."""

from pathlib import Path

import pytest

from coq_checker.client import (
    CheckedTheorem,
    EnvironmentFailedError,
    InvalidRequestError,
    NotFoundError,
    Options,
    Reason,
    SyncCheckerClient,
    TheoremRef,
    Verdict,
)

from .servers import DIVERGING, EXAMPLES, LOOPING, start_server


def outcomes(answers: list[CheckedTheorem]) -> dict[str, tuple[Verdict, Reason]]:
    return {one.theorem.qualified_name: (one.result.verdict, one.result.reason) for one in answers}


PROVED = (Verdict.PROVED, Reason.NONE)

MIXED = f"""
Require Import Arith Lia.

Lemma good (n : nat) : n + 0 = n.
Proof. lia. Qed.

Lemma wrong (n : nat) : n + 1 = n.
Proof. intros. lia. Qed.

Lemma rests_on_wrong : 1 = 0.
Proof. apply (wrong 0). Qed.

Lemma unfinished (A B : Prop) : A -> B -> A /\\ B.
Proof. intros a b. split. exact a. Qed.

Lemma admitted : 2 = 3.
Proof. Admitted.

Lemma rests_on_admitted : 3 = 2.
Proof. symmetry. exact admitted. Qed.

Lemma dropped : False.
Proof. idtac. Abort.

Lemma loops : True.
{LOOPING}

Lemma not_guarded (n : nat) : False.
Proof. revert n. fix again 1. exact again. Qed.

Lemma no_syntax : True.
Proof. exact (I. Qed.

Module M.
  Section S.
    Variable n : nat.
    Lemma inner : n = n.
    Proof. reflexivity. Qed.
  End S.
  Definition decided : {{ 1 = 1 }} + {{ 1 <> 1 }}.
  Proof. left. reflexivity. Defined.
End M.

Lemma last : M.inner = M.inner.
Proof eq_refl.
"""


@pytest.fixture(scope="module")
def mixed(checker: SyncCheckerClient) -> dict[str, CheckedTheorem]:
    answers = checker.check_file(text=MIXED, options=Options(cpu_ms=1000, want_goals=True))
    assert [one.theorem.index for one in answers] == list(range(len(answers)))
    return {one.theorem.qualified_name: one for one in answers}


class TestAFileOfEveryKind:
    def test_verdicts(self, mixed: dict[str, CheckedTheorem]) -> None:
        assert outcomes(list(mixed.values())) == {
            "good": PROVED,
            "wrong": (Verdict.FAILED, Reason.TACTIC),
            "rests_on_wrong": PROVED,
            "unfinished": (Verdict.INCOMPLETE, Reason.OPEN_GOALS),
            "admitted": (Verdict.INCOMPLETE, Reason.ADMITTED),
            "rests_on_admitted": PROVED,
            "dropped": (Verdict.INCOMPLETE, Reason.ADMITTED),
            "loops": (Verdict.TIMEOUT, Reason.CPU_LIMIT),
            "not_guarded": (Verdict.FAILED, Reason.KERNEL),
            "no_syntax": (Verdict.FAILED, Reason.SYNTAX),
            "M.inner": PROVED,
            "M.decided": PROVED,
            "last": PROVED,
        }

    def test_where_they_failed(self, mixed: dict[str, CheckedTheorem]) -> None:
        for name, sentence, index in (
            ("wrong", "lia.", 2),
            ("unfinished", "Qed.", 4),
            ("not_guarded", "Qed.", 4),
            ("no_syntax", "exact (I.", 1),
        ):
            result = mixed[name].result
            assert (result.sentence, result.sentence_index) == (sentence, index)
            assert result.start is not None
            assert result.end is not None
            assert MIXED.encode()[result.start : result.end].decode() == sentence
            assert result.start > mixed[name].theorem.start
            assert result.message

    def test_goals_there(self, mixed: dict[str, CheckedTheorem]) -> None:
        (goal,) = mixed["wrong"].result.goals
        assert goal.conclusion == "n + 1 = n"
        assert [g.conclusion for g in mixed["unfinished"].result.goals] == ["B"]
        assert mixed["good"].result.goals == ()

    def test_what_rests_on_a_failed_proof_names_it(self, mixed: dict[str, CheckedTheorem]) -> None:
        (wrong,) = mixed["rests_on_wrong"].result.axioms
        assert wrong.rpartition(".")[2] == "wrong"
        (admitted,) = mixed["rests_on_admitted"].result.axioms
        assert admitted.rpartition(".")[2] == "admitted"
        assert mixed["M.inner"].result.axioms == ()

    def test_time_is_told(self, mixed: dict[str, CheckedTheorem]) -> None:
        assert mixed["loops"].result.timings.cpu_ns >= 10**9
        assert mixed["good"].result.timings.cpu_ns > 0

    def test_only_listed_axioms(self, checker: SyncCheckerClient) -> None:
        answers = checker.check_file(text=MIXED, options=Options(cpu_ms=1000, axioms=[]))
        found = outcomes(answers)
        assert found["good"] == PROVED
        assert found["rests_on_wrong"] == (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)
        assert found["rests_on_admitted"] == (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)


@pytest.mark.parametrize("file", sorted(path.name for path in EXAMPLES.glob("*.v")))
def test_the_examples_are_proved(checker: SyncCheckerClient, file: str) -> None:
    answers = checker.check_file(project="examples", file=file)
    assert answers
    assert set(outcomes(answers).values()) == {PROVED}
    assert {one.theorem.file for one in answers} == {file}
    assert {one.theorem.project for one in answers} == {"examples"}


def test_twice_is_the_same(checker: SyncCheckerClient) -> None:
    first = checker.check_file(text=MIXED, options=Options(cpu_ms=1000))
    again = checker.check_file(text=MIXED, options=Options(cpu_ms=1000))
    assert outcomes(first) == outcomes(again)


def test_a_file_without_theorems(checker: SyncCheckerClient) -> None:
    assert checker.check_file(text="Definition a := 1.") == []
    assert checker.check_file(text="") == []


def test_checks_that_the_file_switches_off_are_its_own_and_those_of_a_proof_are_not(checker: SyncCheckerClient) -> None:
    text = """Lemma before : True. Proof. exact I. Qed.
    Unset Universe Checking.
    Lemma under : True. Proof. exact I. Qed.
    Set Universe Checking. Unset Guard Checking.
    Lemma loop : False. Proof. exact ((fix f (n : nat) : False := f n) 0). Qed.
    Set Guard Checking.
    Lemma inside : False. Proof. Unset Guard Checking. exact ((fix f (n : nat) : False := f n) 0). Qed.
    #[bypass_check(universes)] Lemma attribute : True. Proof. exact I. Qed."""
    found = {one.theorem.name: one.result for one in checker.check_file(text=text)}
    told = {name: (one.verdict.value, one.axioms, one.features) for name, one in found.items()}
    assert told["before"] == ("PROVED", (), ())
    assert told["under"] == ("PROVED", ("type_in_type Top.under",), ("unset_universe_checking",))
    assert told["loop"][:2] == ("PROVED", ("guarded Top.loop",))
    assert set(told["loop"][2]) == {"fixpoint", "fixpoint_not_strict", "unset_guard_checking"}
    for name in ("inside", "attribute"):
        assert (found[name].verdict, found[name].reason) == (Verdict.REJECTED, Reason.FORBIDDEN_AXIOM)


def test_a_file_that_ends_inside_a_proof(checker: SyncCheckerClient) -> None:
    text = "Lemma a : True. Proof. exact I. Qed.\nLemma b : True /\\ True.\nProof. split."
    assert outcomes(checker.check_file(text=text)) == {
        "a": PROVED,
        "b": (Verdict.INCOMPLETE, Reason.OPEN_GOALS),
    }


def test_a_file_that_fails_outside_of_its_proofs(checker: SyncCheckerClient) -> None:
    text = "Lemma a : True. Proof. exact I. Qed.\nDefinition x := y.\nLemma b : True. Proof. exact I. Qed.\n"
    answers = checker.check_file(text=text)
    assert outcomes(answers) == {"a": PROVED, "b": (Verdict.ERROR, Reason.ENVIRONMENT)}
    result = answers[1].result
    assert "line 2" in result.message
    assert text[result.start : result.end] == "Definition x := y."


def test_a_statement_that_does_not_type(checker: SyncCheckerClient) -> None:
    text = "Lemma a : 1 = true. Proof. exact I. Qed.\nLemma b : True. Proof. exact I. Qed.\n"
    found = outcomes(checker.check_file(text=text))
    assert found == {"a": (Verdict.ERROR, Reason.ENVIRONMENT), "b": (Verdict.ERROR, Reason.ENVIRONMENT)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Lemma a : True. Proof. exact I. Qed.\nCheck nothing_here.", "nothing_here"),
        ("Require Import Nothing.", "Nothing"),
        ("Lemma a : True. Proof. exact I. Qed. (* open", "comment"),
        ('Definition s := "open.', "string"),
    ],
)
def test_what_follows_the_theorems_must_run_too(checker: SyncCheckerClient, text: str, says: str) -> None:
    with pytest.raises(EnvironmentFailedError, match=says):
        checker.check_file(text=text)


def test_no_such_file(checker: SyncCheckerClient) -> None:
    with pytest.raises(NotFoundError, match=r"no file 'Nothing\.v'"):
        checker.check_file(project="examples", file="Nothing.v")
    with pytest.raises(NotFoundError, match="no project 'nowhere'"):
        checker.check_file(project="nowhere", file="A.v")


def test_recheck(checker: SyncCheckerClient) -> None:
    answers = checker.check_file(project="examples", file="Logic.v", options=Options(recheck=True))
    assert set(outcomes(answers).values()) == {PROVED}


def test_files_of_a_project_that_change_and_break(tmp_path: Path) -> None:
    (tmp_path / "_CoqProject").write_text("-Q . Own\nA.v\nB.v\nLatin.v\n")
    (tmp_path / "A.v").write_text("Lemma a : 1 = 1. Proof. reflexivity. Qed.\n")
    (tmp_path / "B.v").write_text("From Own Require Import A.\nLemma b : 1 = 1. Proof. exact a. Qed.\n")
    (tmp_path / "Latin.v").write_bytes(b"(* \xe9 *) Lemma c : True. Proof. exact I. Qed.\n")
    server = start_server(f"own={tmp_path}")
    try:
        with SyncCheckerClient(server.address) as client:
            assert outcomes(client.check_file(project="own", file="A.v")) == {"a": PROVED}
            assert outcomes(client.check_file(project="own", file="B.v")) == {"b": PROVED}
            assert outcomes(client.check_file(project="own", file="Latin.v")) == {"c": PROVED}
            (tmp_path / "Latin.v").write_bytes(b"Check \xe9. Lemma c : True. Proof. exact I. Qed.\n")
            with pytest.raises(InvalidRequestError, match="UTF-8"):
                client.check_file(project="own", file="Latin.v")
            (tmp_path / "A.v").write_text("Lemma a : 2 = 2. Proof. fail. Qed.\n")
            assert outcomes(client.check_file(project="own", file="A.v")) == {"a": (Verdict.FAILED, Reason.TACTIC)}
            (tmp_path / "A.v").unlink()
            with pytest.raises(NotFoundError, match=r"A\.v cannot be read"):
                client.check_file(project="own", file="A.v")
            # It costs no other file.
            (tmp_path / "Latin.v").write_bytes(b"(* \xe9 *) Lemma c : True. Proof. exact I. Qed.\n")
            assert [one.name for one in client.theorems("own")] == ["b", "c"]
            assert client.check_proof(TheoremRef("own", "c"), "exact I.").proved
            (tmp_path / "A.v").write_text("Lemma a : 1 = 1. Proof. reflexivity. Qed.\n")
            assert outcomes(client.check_file(project="own", file="A.v")) == {"a": PROVED}
    finally:
        assert server.stop() == 0
    assert server.events("internal fault") == []


MUTUAL = """
Inductive tree := node : forest -> tree with forest := nil | cons : tree -> forest -> forest.
Lemma m1 (t : tree) : t = t with m2 (f : forest) : f = f.
Proof. - destruct t; reflexivity. - destruct f; reflexivity. Qed.
Lemma n1 (t : tree) : t = node nil with n2 (f : forest) : f = f.
Proof. - reflexivity. - reflexivity. Qed.
Lemma after (f : forest) : f = f. Proof. apply m2. Qed.
"""


class TestTheoremsStatedTogether:
    def test_each_has_its_answer(self, checker: SyncCheckerClient) -> None:
        answers = checker.check_file(text=MUTUAL)
        failed = (Verdict.FAILED, Reason.TACTIC)
        assert outcomes(answers) == {"m1": PROVED, "m2": PROVED, "n1": failed, "n2": failed, "after": PROVED}
        m1, m2 = answers[:2]
        assert (m1.theorem.start, m1.theorem.proof_end) == (m2.theorem.start, m2.theorem.proof_end)
        # The proof ran once.
        assert m1.result.timings.cpu_ns > 0
        assert m2.result.timings.cpu_ns == 0

    def test_traces(self, checker: SyncCheckerClient) -> None:
        traced = {one.theorem.name: one for one in checker.trace_file(text=MUTUAL)}
        assert traced["m1"].steps == traced["m2"].steps
        assert len(traced["m2"].steps) == 6
        assert traced["m2"].problem == ""
        assert traced["n2"].problem

    def test_by_name_in_a_project(self, tmp_path: Path) -> None:
        (tmp_path / "_CoqProject").write_text("-Q . Own\nM.v\n")
        (tmp_path / "M.v").write_text(MUTUAL + "Lemma m2 : False. Proof. Abort.\n")
        server = start_server(f"own={tmp_path}")
        try:
            with SyncCheckerClient(server.address) as client:
                listed = [(one.name, one.index) for one in client.theorems("own", "M.v")]
                assert listed == [("m1", 0), ("m2", 1), ("n1", 2), ("n2", 3), ("after", 4), ("m2", 5)]
                # The one that was aborted has left its name.
                m2 = client.theorem(TheoremRef("own", "m2"))
                assert m2.index == 1
                assert client.theorem(TheoremRef("own", "m2", "M.v", 5)).kind == "Lemma"
                assert client.check_proof(TheoremRef("own", "m2"), m2.proof).proved
                wrong = client.check_proof(TheoremRef("own", "m2"), "- destruct t; reflexivity. - fail.")
                assert wrong.verdict is Verdict.FAILED
        finally:
            assert server.stop() == 0


@pytest.mark.parametrize(
    ("rest", "verdict", "reason"),
    [
        ("Lemma b : .", Verdict.ERROR, Reason.ENVIRONMENT),
        ("Lemma b : True. Proof. fail.", Verdict.FAILED, Reason.TACTIC),
        ("Lemma b : True. Proof. exact (.", Verdict.FAILED, Reason.SYNTAX),
        ("Lemma b : True. Proof. exact I", Verdict.FAILED, Reason.SYNTAX),
        ("Lemma b : True. Proof. exact I. (* open", Verdict.FAILED, Reason.SYNTAX),
        ("Lemma b : True.", Verdict.INCOMPLETE, Reason.OPEN_GOALS),
    ],
)
def test_an_end_inside_a_theorem_has_one_answer(
    checker: SyncCheckerClient, rest: str, verdict: Verdict, reason: Reason
) -> None:
    (good, last) = checker.check_file(text=f"Lemma a : True. Proof. exact I. Qed.\n{rest}")
    assert good.result.proved
    assert (last.result.verdict, last.result.reason) == (verdict, reason)
    assert last.result.message


def test_what_stands_inside_a_proof_that_fails(checker: SyncCheckerClient) -> None:
    text = (
        "Set Nested Proofs Allowed.\nLemma outer : False.\nProof. Lemma inner : True. Proof. exact I. Qed. "
        "exact inner. Qed.\nLemma after : True. Proof. exact I. Qed."
    )
    for recheck in (False, True):
        answers = checker.check_file(text=text, options=Options(recheck=recheck))
        failed = (Verdict.FAILED, Reason.TACTIC)
        assert outcomes(answers) == {"outer": failed, "inner": failed, "after": PROVED}
        assert "inside the proof of outer" in answers[1].result.message


def test_time_and_memory_of_what_is_killed(checker: SyncCheckerClient) -> None:
    text = f"Lemma loops : True.\n{LOOPING}\nLemma grows : True.\n{DIVERGING}\n"
    loops, grows = checker.check_file(text=text, options=Options(cpu_ms=300, memory_bytes=200 << 20))
    assert loops.result.verdict is Verdict.TIMEOUT
    assert loops.result.timings.wall_ns >= 300_000_000 * 0.9
    assert loops.result.timings.cpu_ns >= 300_000_000
    assert grows.result.verdict in (Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)
    assert grows.result.timings.wall_ns > 0
    options = Options(cpu_ms=60_000, memory_bytes=100 << 20)
    (grows,) = checker.check_file(text=f"Lemma grows : True.\n{DIVERGING}\n", options=options)
    assert grows.result.verdict is Verdict.OUT_OF_MEMORY
    assert grows.result.timings.cpu_ns > 0
    assert grows.result.timings.wall_ns > 0


class TestATextInAFilesPlace:
    def test_its_name_and_what_it_requires(self, checker: SyncCheckerClient) -> None:
        text = "From Example Require Import Arith.\nAxiom a : 1 = 2.\nLemma l : 1 = 2. Proof. exact a. Qed.\n"
        with pytest.raises(EnvironmentFailedError, match=r"^Logic\.v, line 4: "):
            checker.check_file(text=f"{text}Check nothing.", project="examples", file="Logic.v")
        for file, name in (("Logic.v", "Example.Logic.a"), ("New.v", "Example.New.a")):
            (answer,) = checker.check_file(text=text, project="examples", file=file)
            assert answer.result.axioms == (name,)
            assert (answer.theorem.project, answer.theorem.file) == ("examples", file)

    def test_a_path_outside_of_the_project_is_a_name_alone(self, checker: SyncCheckerClient) -> None:
        for file in ("../x.v", "/etc/x.v"):
            (answer,) = checker.check_file(
                text="Lemma l : True. Proof. exact I. Qed.", project="examples", file=file, logical_name="x"
            )
            assert answer.result.proved
