"""Terms that are large, deep, many or nested: an answer within the limits, and a worker that is there afterwards."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from coq_checker.check import Ask
from coq_checker.engine.options import EngineOptions
from coq_checker.engine.start import engine_options
from coq_checker.environment import Environment
from coq_checker.gates.kernel import SoundnessPolicy
from coq_checker.gates.text import Mode
from coq_checker.limits import Limits
from coq_checker.metrics import Metrics
from coq_checker.pool.pool import Pool
from coq_checker.pool.worker import Target
from coq_checker.result import ProofResult, Reason, Verdict
from coq_checker.settings import CheckerSettings
from coq_checker.toolchain import Toolchain, find_toolchain
from coq_checker.toolchain.engines import NATIVE

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOAL = b"Theorem goal : True."
SCRIPT = "Theorem goal : True.\nProof. exact I. Qed.\n"
WITHIN = (Verdict.PROVED, Verdict.REJECTED, Verdict.TIMEOUT, Verdict.OUT_OF_MEMORY)


@pytest.fixture(scope="module")
def options() -> EngineOptions:
    toolchain: Toolchain = find_toolchain()
    if NATIVE not in toolchain.engines:
        pytest.skip("only Palmetto's own engine looks at terms")
    return engine_options(toolchain, NATIVE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(options: EngineOptions, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pool]:
    async with Pool(CheckerSettings(slots=1).pool, tmp_path_factory.mktemp("large"), Metrics()) as pool:
        yield pool


async def check(pool: Pool, options: EngineOptions, text: str, mode: Mode, seconds: int = 20) -> ProofResult:
    target = Target(Environment(b"", options, label="the challenge"), 0, GOAL, mode)
    limits = Limits(seconds * 1000, 120_000, 2 << 30, 16 << 20, 64 << 10)
    return await pool.check(target, Ask(text.encode(), mode, limits, soundness=SoundnessPolicy.STRICT))


def posed(term: str) -> str:
    return f"Proof. pose (made := {term}). exact I. Qed."


def numeral(thousands: int, tactic: str) -> str:
    """A proof that computes a term of a thousand times as many nodes, and does something with it."""
    return f"Proof. let large := eval vm_compute in (Nat.mul 1000 {thousands}) in {tactic}. exact I. Qed."


def nested(depth: int, *, wrong: bool = False) -> str:
    """Fixpoints inside of each other; the innermost calls the outermost, on what is smaller or is not."""
    inside = f"f1 {'n1' if wrong else f'k{depth}'}"
    for at in range(depth, 0, -1):
        given = f"k{at - 1}" if at > 1 else "0"
        inside = (
            f"(fix f{at} (n{at} : nat) {{struct n{at}}} : nat :="
            f" match n{at} with O => 0 | S k{at} => {inside} + f{at} k{at} end) {given}"
        )
    return inside


def matches(depth: int) -> str:
    term = "0"
    for _ in range(depth):
        term = f"match n with O => 0 | S n => {term} end"
    return f"Fixpoint deep (n : nat) : nat := {term}.\n"


def sums(count: int) -> str:
    """A call at the bottom of a heap of applications of what the guard could follow."""
    return (
        "Fixpoint sum (n : nat) : nat := match n with O => 0 | S k => "
        + "(" * count
        + "sum k"
        + " + k)" * count
        + " end.\n"
    )


def followed(depth: int, last: str) -> str:
    """Definitions each of which calls the one before twice, and a fixpoint that hands itself to the last."""
    lines = [f"Definition c0 (g : nat -> nat) (v : nat) := g ({last}).\n"]
    for at in range(1, depth + 1):
        lines.append(f"Definition c{at} (g : nat -> nat) (v : nat) := c{at - 1} g v + c{at - 1} (fun x => g x) v.\n")
    return (
        "".join(lines) + f"Fixpoint f (n : nat) : nat := match n with O => 0 | S k => c{depth} (fun x => f x) k end.\n"
    )


def redex(count: int) -> str:
    names = " ".join(f"x{at}" for at in range(count))
    return f"Definition wide := ((fun {names} : nat => x{count - 1})" + " 0" * count + ").\n"


PROVED = {
    "auxiliary constants": "".join(f"Definition a{at} := {f'a{at - 1}' if at else '0'}.\n" for at in range(9_900)),
    "opaque lemmas": "".join(f"Lemma a{at} : True. Proof. exact I. Qed.\n" for at in range(2_000)),
    "fixpoints": "".join(
        f"Fixpoint a{at} (n : nat) : nat := match n with O => 0 | S k => a{at} k end.\n" for at in range(2_000)
    ),
    "matches in matches": matches(800),
    "a wide redex": redex(1_000),
    "a heap of sums": sums(2_000),
}


@pytest.mark.parametrize("name", PROVED)
async def test_many_and_deep_parts_of_a_script_are_proved(pool: Pool, options: EngineOptions, name: str) -> None:
    result = await check(pool, options, PROVED[name] + SCRIPT, Mode.SCRIPT, seconds=60)
    assert result.verdict is Verdict.PROVED, result


@pytest.mark.parametrize("inside", [False, True], ids=["outside of a fixpoint", "inside of a fixpoint"])
async def test_a_term_that_is_deep_is_proved(pool: Pool, options: EngineOptions, inside: bool) -> None:
    term = "(fix f (n : nat) : nat := match n with O => large | S k => f k end)" if inside else "large"
    result = await check(pool, options, numeral(100, f"pose (made := {term})"), Mode.PROOF, seconds=60)
    assert result.verdict is Verdict.PROVED, result


@pytest.mark.parametrize("thousands", [1_000, 4_000])
async def test_a_term_of_millions_of_nodes_is_answered(pool: Pool, options: EngineOptions, thousands: int) -> None:
    result = await check(pool, options, numeral(thousands, "pose (made := large)"), Mode.PROOF, seconds=8)
    assert result.verdict in WITHIN, result
    after = await check(pool, options, "Proof. exact I. Qed.", Mode.PROOF)
    assert after.verdict is Verdict.PROVED, after


async def test_nested_fixpoints_are_proved_or_refused(pool: Pool, options: EngineOptions) -> None:
    right = await check(pool, options, posed(nested(100)), Mode.PROOF, seconds=60)
    assert right.verdict is Verdict.PROVED, right
    wrong = await check(pool, options, posed(nested(100, wrong=True)), Mode.PROOF, seconds=60)
    assert wrong.verdict is Verdict.FAILED, wrong


async def test_a_thousand_nested_fixpoints_are_answered(pool: Pool, options: EngineOptions) -> None:
    result = await check(pool, options, posed(nested(1_000)), Mode.PROOF, seconds=8)
    assert result.verdict in WITHIN, result
    after = await check(pool, options, "Proof. exact I. Qed.", Mode.PROOF)
    assert after.verdict is Verdict.PROVED, after


@pytest.mark.parametrize("depth", [10, 40])
async def test_definitions_that_call_each_other_are_answered(pool: Pool, options: EngineOptions, depth: int) -> None:
    """Coq and the guard follow each call; there are two to the power of `depth`."""
    result = await check(pool, options, followed(depth, "v") + SCRIPT, Mode.SCRIPT, seconds=5)
    assert result.verdict in WITHIN, result
    assert (result.verdict is Verdict.TIMEOUT) == (depth == 40), result
    if depth == 40:
        assert result.reason is Reason.CPU_LIMIT
