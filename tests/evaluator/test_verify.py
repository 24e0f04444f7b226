"""`palmetto eval verify`: real coqc on real files; what is planted is found, and blamed on the right proof."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coq_checker.toolchain import Toolchain
from coqdata.project import Project, load_project
from evaluator.record import Key, Record
from evaluator.store import ExperimentStore, Outcome, Verification
from evaluator.theorems import sources_of
from evaluator.verify import Verifier
from evaluator.verify.texts import no_proof
from palmetto.evaluation.compiler import CoqcCompiler

from .evaluating import project, records, run

TACTICS = "From Hammer Require Import Tactics."
MAIN = """Require Import List Arith.
Lemma one : 1 + 1 = 2. Proof. reflexivity. Qed.
Lemma two (n : nat) : n + 0 = n.
Proof. auto with arith. Qed.
Section S.
  Variable A : Type.
  Hypothesis inhabitant : A.
  Hypothesis wrong : 1 = 2.
  Lemma uses : exists x : A, x = x. Proof. exists inhabitant. reflexivity. Qed.
  Lemma none : 2 + 2 = 4. Proof. reflexivity. Qed.
  Let local : 3 = 3. Proof. reflexivity. Qed.
End S.
Lemma after (B : Type) (b : B) : exists x : B, x = x. Proof. exact (uses B b). Qed.
Lemma after_none : 2 + 2 = 4. Proof. exact none. Qed.
Definition three : nat. Proof. exact 3. Defined.
Lemma three_is : three = 3. Proof. reflexivity. Qed.
Lemma last : forall n : nat, n = n. Proof. reflexivity. Qed.
Goal True. Proof. exact I. Save named.
Module M. Lemma inside : True. Proof. exact I. Qed. End M.
"""


@dataclass
class Counting:
    """coqc, and how often it ran."""

    compiler: CoqcCompiler
    runs: int = field(default=0)

    async def compile(self, project: str, file: Path, text: bytes) -> str:
        self.runs += 1
        return await self.compiler.compile(project, file, text)


@pytest.fixture
def mine(tmp_path: Path) -> Project:
    return load_project(
        project(tmp_path / "mine", Main=MAIN, Other="Require Import P.Main.\nLemma o : 1 = 1. auto. Qed.")
    )


@pytest.fixture
def compiler(mine: Project, toolchain: Toolchain) -> Iterator[Counting]:
    yield Counting(CoqcCompiler({mine.name: mine}, {mine.name: toolchain}))


def claims(mine: Project, scripts: dict[str, str | tuple[str, str]]) -> list[Record]:
    """Claimed proofs; with a prelude where two texts are given."""
    stated = {one.key.theorem: one for one in sources_of(mine).items}
    found = []
    for name, text in scripts.items():
        script, prelude = (text, "") if isinstance(text, str) else text
        item = stated.get(name)
        key = item.key if item is not None else Key(mine.name, "Main.v", name, 0)
        statement = item.statement if item is not None else ""
        found.append(
            Record(
                "v",
                key.project,
                key.file,
                name,
                key.index,
                "PROVED",
                statement=statement,
                script=script,
                prelude=prelude,
            )
        )
    return found


async def verify(
    mine: Project, compiler: Counting, scripts: dict[str, str | tuple[str, str]]
) -> dict[str, Verification]:
    told: list[Verification] = []
    found = await Verifier(compiler, {mine.name: mine}).verify(claims(mine, scripts), threads=2, told=told.append)
    assert sorted(one.key for one in told) == sorted(one.key for one in found)
    return {one.key.theorem: one for one in found}


async def test_right_proofs_agree_and_are_compiled_together(mine: Project, compiler: Counting) -> None:
    found = await verify(
        mine,
        compiler,
        {
            "one": "Proof. trivial. Qed.",
            "two": "Proof.\n  induction n; simpl; auto.\nQed.",
            "uses": "Proof. eexists. Unshelve. 2: exact inhabitant. reflexivity. Qed.",
            "none": "Proof. auto. Qed.",
            "local": "Proof. auto. Qed.",
            "last": ("Proof. sauto. Qed.", TACTICS),
            "three": "Proof. exact 3. Qed.",
            "named": "Proof. auto. Qed.",
            "M.inside": "Proof. auto. Qed.",
            "o": "Proof. reflexivity. Qed.",
        },
    )
    assert {name: one.outcome for name, one in found.items()} == dict.fromkeys(found, Outcome.AGREES), found
    assert len(found) == 10
    # Main: section variables, opaque ones, those with a prelude, the transparent one; Other: all.
    assert compiler.runs == 5


async def test_planted_proofs_are_found_and_no_other_is_blamed(mine: Project, compiler: Counting) -> None:
    found = await verify(
        mine,
        compiler,
        {
            "one": "Proof. trivial. Qed.",
            "two": "Proof. reflexivity. Qed.",
            "none": "Proof. Admitted.",
            "last": "Proof. intros. Admitted. Lemma x : True. exact I. Qed.",
            "after_none": ("Proof. exact cheat. Qed.", "Axiom cheat : 2 + 2 = 4."),
            "M.inside": "Proof. sauto. Qed.",
            "after": ("Proof. sauto use: uses. Qed.", TACTICS),
            "three_is": "Proof. exact_no_check (@eq_refl nat 0). Qed.",
            "lost": "Proof. auto. Qed.",
        },
    )
    told = {name: one.outcome.value for name, one in found.items()}
    assert told == {
        "one": "agrees",
        "two": "refused",
        "none": "refused",
        "last": "refused",
        "after_none": "refused",
        # Another proof of the file brings the tactic in, but this one has no prelude.
        "M.inside": "refused",
        "after": "agrees",
        "three_is": "refused",
        "lost": "unknown",
    }, found
    assert "Unable to unify" in found["two"].message


async def test_what_follows_is_looked_at(mine: Project, compiler: Counting) -> None:
    found = await verify(
        mine,
        compiler,
        {
            "three": "Proof. exact 4. Qed.",
            # It proves what it says, but from a hypothesis that the original does not use.
            "none": "Proof. discriminate wrong. Qed.",
            "one": "Proof. trivial. Qed.",
        },
    )
    assert found["three"].outcome is Outcome.ALONE
    assert "counts on how the original proof is made" in found["three"].message
    assert found["none"].outcome is Outcome.ALONE
    assert "section variables" in found["none"].message
    assert found["one"].outcome is Outcome.AGREES


async def test_a_file_that_does_not_compile_itself(mine: Project, toolchain: Toolchain, tmp_path: Path) -> None:
    broken = load_project(
        project(
            tmp_path / "broken",
            Main="Section S. Lemma a : 1 = 1. Proof. auto. Qed. Lemma b : 1 = 1. auto. Qed. End S.\nCheck nothing.",
            Needs="Require Import P.Main.\nLemma n : True. exact I. Qed.",
        )
    )
    counting = Counting(CoqcCompiler({broken.name: broken}, {broken.name: toolchain}))
    found = await verify(
        broken, counting, {"a": "Proof. trivial. Qed.", "b": "Proof. exact I. Qed.", "n": "Proof. auto. Qed."}
    )
    assert found["a"].outcome is Outcome.ALONE
    assert found["b"].outcome is Outcome.REFUSED
    assert found["n"].outcome is Outcome.UNKNOWN
    assert "does not build" in found["n"].message


@pytest.mark.parametrize(
    ("script", "prelude", "says"),
    [
        ("Proof. auto. Qed.", TACTICS, ""),
        ("Proof.\n- auto.\n- { Nat_tac. }\nall: lia.\nQed.", "Set Hammer ATPLimit 5.", ""),
        ("auto. Qed.", "", "no proof"),
        ("Proof. auto. Defined.", "", "no proof"),
        ("Proof. auto. Qed", "", "no proof"),
        ("", "", "no proof"),
        ("Proof. Abort. Axiom a : False. Goal True. Proof. auto. Qed.", "", "command"),
        ("Proof. Time Admitted. Qed.", "", "command"),
        ("Proof. Unset Guard Checking. auto. Qed.", "", "command"),
        ("Proof. #[local] Set Universe Checking. auto. Qed.", "", "command"),
        ("Proof. (* Qed. *) Local Axiom a : False. Qed.", "", "command"),
        ("Proof. auto. Qed.", "Axiom a : False.", "prelude"),
        ("Proof. auto. Qed.", "Require Import Lia. Unset Guard Checking.", "prelude"),
        ("Proof. auto. Qed.", "Load x.", "prelude"),
    ],
)
def test_what_is_no_proof_is_not_given_to_coqc(script: str, prelude: str, says: str) -> None:
    assert says in no_proof(script, prelude)
    assert bool(says) == bool(no_proof(script, prelude))


def test_the_command_prints_the_rate_and_its_status_tells(mine: Project, tmp_path: Path) -> None:
    store = tmp_path / "e.sqlite"
    with ExperimentStore.open(store) as opened:
        opened.begin("v", {"model": "m"}, {mine.name: {"folder": str(mine.root), "content": "1"}})
        for one in claims(mine, {"one": "Proof. trivial. Qed.", "three": "Proof. exact 4. Qed."}):
            opened.put(one)
        opened.put(Record("v", mine.name, "Main.v", "two", 0, "NOT_PROVED", cause="budget"))
    right = run("verify", "v", "--lenient", store=store)
    assert (right.returncode, "disagreement: 0 of 2 (0.00 %)" in right.stdout) == (0, True), right.stderr
    assert "1 are accepted in their places" in right.stdout
    strict = run("verify", "v", store=store)
    assert (strict.returncode, "disagreement: 1 of 2 (50.00 %)" in strict.stdout) == (1, True)
    with ExperimentStore.open(store) as opened:
        opened.put(claims(mine, {"one": "Proof. exact I. Qed."})[0])
    wrong = run("verify", "v", "--lenient", store=store)
    assert wrong.returncode == 1
    assert "disagreement: 1 of 2 (50.00 %)" in wrong.stdout
    assert "mine/Main.v one DISAGREES" in wrong.stderr
    with ExperimentStore.open(store) as opened:
        judged = {key.theorem: one.outcome for key, one in opened.verifications("v").items()}
    assert judged == {"one": Outcome.REFUSED, "three": Outcome.ALONE}
    assert set(records(store, "v")) == {one.key for one in records(store, "v").values()}
    elsewhere = tmp_path / "elsewhere"
    mine.root.rename(elsewhere)
    gone = run("verify", "v", "--again", store=store)
    assert gone.returncode == 1
    assert "2 could not be verified" in gone.stdout
    found = run("verify", "v", "--again", "--proj", f"mine={elsewhere}", store=store)
    assert "could not be verified" not in found.stdout
    assert run("verify", "v", "--proj", "other", store=store).returncode == 2
