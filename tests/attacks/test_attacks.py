"""Every attack of the gallery gets its verdict, and an honest proof in the same setting is proved."""

import json
import re
from pathlib import Path
from typing import Any, Protocol

import pytest

from coq_checker.check import Ask
from coq_checker.gates.axioms import AxiomPolicy
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.toolchain import Toolchain
from coqdata.releases import version_numbers

GALLERY = Path(__file__).parent
FOLDERS = sorted(path.parent for path in GALLERY.glob("*/expected.json"))
MINIMUM = 45

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench(Protocol):
    """See conftest.py."""

    @property
    def toolchain(self) -> Toolchain: ...

    @property
    def sees_terms(self) -> bool: ...

    @property
    def strictest(self) -> SoundnessPolicy: ...

    async def check(self, challenge: bytes, ask: Ask) -> ProofResult: ...


def expected(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return value


def told(folder: Path) -> bool:
    """Whether some Coq accepts it."""
    wanted = expected(folder)
    return "reported" in wanted or "reported" in wanted.get("since", {})


def ask(folder: Path, file: str, soundness: SoundnessPolicy) -> Ask:
    wanted = expected(folder)
    limits = wanted.get("limits", {})
    axioms = wanted.get("axioms", {"policy": "environment", "allowed": []})
    return Ask(
        text=(folder / file).read_bytes(),
        mode=Mode(wanted["form"]),
        limits=Limits(
            cpu_ms=limits.get("cpu_ms", 10_000),
            wall_ms=60_000,
            memory_bytes=limits.get("memory_bytes", 1 << 30),
            output_bytes=limits.get("output_bytes", 16 << 20),
            goals_bytes=64 << 10,
        ),
        axioms=AxiomPolicy(tuple(axioms["allowed"]), axioms["policy"] == "environment"),
        soundness=soundness,
    )


def on(bench: Bench, folder: Path) -> dict[str, Any]:
    """What is expected with the bench's Coq."""
    wanted = expected(folder)
    for change in ("since", "mended"):
        new = wanted.get(change)
        if new is not None and bench.toolchain.version >= version_numbers(new["in"]):
            wanted.pop("reported", None)
            wanted |= new
    if wanted["reason"] != "forbidden_feature":
        wanted |= {"features": [], "reports": []}
    return wanted


async def attacked(bench: Bench, folder: Path, soundness: SoundnessPolicy) -> ProofResult:
    return await bench.check((folder / "Challenge.v").read_bytes(), ask(folder, "proof.v", soundness))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_attack_gets_its_verdict(bench: Bench, folder: Path) -> None:
    wanted = on(bench, folder)
    if not bench.sees_terms:
        wanted |= wanted.get("reported", {})
    result = await attacked(bench, folder, bench.strictest)
    assert (result.verdict, result.reason) == (Verdict(wanted["verdict"]), Reason(wanted["reason"])), result
    if bench.sees_terms:
        assert set(wanted.get("features", ())) <= set(result.features), result
        assert set(wanted.get("reports", ())) <= set(result.known_bugs), result
        assert wanted.get("message_contains", "") in result.message
    else:
        assert not result.features_known and result.features == ()


@pytest.mark.parametrize("folder", [one for one in FOLDERS if told(one)], ids=lambda one: one.name)
async def test_what_coq_accepts_is_told_where_it_is_not_refused(bench: Bench, folder: Path) -> None:
    wanted = on(bench, folder)
    if not bench.sees_terms or "reported" not in wanted:
        pytest.skip("the test of all attacks has said it")
    result = await attacked(bench, folder, SoundnessPolicy.REPORT)
    reported = wanted["reported"]
    assert (result.verdict, result.reason) == (Verdict(reported["verdict"]), Reason(reported["reason"])), result
    assert set(wanted["features"]) <= set(result.features), result
    assert set(wanted["reports"]) <= set(result.known_bugs), result


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_honest_proof_in_the_same_setting_is_proved(bench: Bench, folder: Path) -> None:
    control = folder / "Control.v"
    challenge = control if control.exists() else folder / "Challenge.v"
    result = await bench.check(challenge.read_bytes(), ask(folder, "honest.v", bench.strictest))
    assert result.verdict is Verdict.PROVED, result
    # They stand there under the root that Coq 8 has.
    root = bench.toolchain.standard_library
    axioms = [re.sub(r"^Coq\.", f"{root}.", one) for one in expected(folder).get("honest_axioms", [])]
    assert list(result.axioms) == axioms


async def test_gallery_is_whole() -> None:
    assert len(FOLDERS) >= MINIMUM
    others = {path for path in GALLERY.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert others == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_no_attack_is_proved(folder: Path) -> None:
    wanted = expected(folder)
    assert wanted["verdict"] != "PROVED"
    for one in (wanted, wanted.get("since", {}), wanted.get("mended", {})):
        assert ("reported" in one) == (one.get("reason") == "forbidden_feature")
    assert wanted["about"].endswith(".")


async def test_name_of_an_anchor_is_worth_nothing_once_it_is_known(bench: Bench) -> None:
    """An answer may give the name away (here as one of the assumptions); the next script meets another."""
    challenge = b"Unset Guard Checking.\nTheorem goal : False."
    limits = Limits(10_000, 60_000, 1 << 30, 16 << 20, 64 << 10)

    async def answer(text: str) -> ProofResult:
        return await bench.check(challenge, Ask(text.encode(), Mode.SCRIPT, limits, soundness=bench.strictest))

    cheat = "Fixpoint f (n : nat) : False := f n. Theorem goal : False. Proof. exact (f 0). Qed."
    names = []
    for _ in range(2):
        result = await answer(cheat)
        assert result.reason is Reason.FORBIDDEN_AXIOM, result
        names += re.findall(r"palmetto_chk_(\w+)", " ".join(result.axioms))
    assert len(set(names)) == 2
    stolen = f"palmetto_stmt_{names[-1]}"
    for shadow in (f"Let {stolen} : Type := True.", f"Notation {stolen} := True."):
        result = await answer(f"Section S. {shadow} Theorem goal : {stolen}. Proof. exact I. Qed.")
        assert (result.verdict, result.reason) == (Verdict.REJECTED, Reason.STATEMENT_MISMATCH), result
