"""Language features, a small file each: what the checker says of it must be what coqc says.

A file tells in comments what is neither proved nor given up in it:

    (* EXPECT: NAME VERDICT REASON *)   a theorem
    (* EXPECT: file MESSAGE *)          the error of the call, where the file fails behind its last theorem
    (* POLICY: WHY *)                   coqc takes what the checker refuses

and where it can be tried:

    (* SINCE: VERSION *)  (* BEFORE: VERSION *)  (* NEEDS: LIBRARY *)
"""

import asyncio
import re
from pathlib import Path

import pytest

from coq_checker.client import CheckedTheorem, CheckerClient, EnvironmentFailedError, Reason, Verdict
from coq_checker.toolchain import Toolchain
from coqdata.releases import version_numbers

from .coqc import NAME, compiled, proofs

FEATURES = Path(__file__).with_name("features")
FILES = sorted(FEATURES.rglob("*.v"))

_EXPECTED = re.compile(r"\(\* EXPECT: (\S+) (.*?) ?\*\)")
_NEEDS = re.compile(r"\(\* (SINCE|BEFORE|NEEDS): (\S+) \*\)")
_POLICY = re.compile(r"\(\* POLICY: (.*?) ?\*\)")
_GIVEN_UP = re.compile(rb"\b(?:Admitted|Abort(?:\s+All)?|Reset\s+\S+)\s*\.$")
_RENAMED = re.compile(rb"\b(?:Save|Qed|Defined)\s+[^\s.]+\s*\.$")
_LINE = re.compile(r", line (\d+): ")
_PROVED = (Verdict.PROVED, Reason.NONE)
_ADMITTED = (Verdict.INCOMPLETE, Reason.ADMITTED)


def outcome(one: CheckedTheorem) -> tuple[Verdict, Reason]:
    return one.result.verdict, one.result.reason


def given_up(source: bytes, answers: list[CheckedTheorem]) -> list[CheckedTheorem]:
    """Those whose proofs end so, and what stands inside of these."""
    ends = [one.theorem for one in answers if _GIVEN_UP.search(source[: one.theorem.proof_end])]
    return [one for one in answers if any(end.start <= one.theorem.start < end.proof_end for end in ends)]


def outermost(answers: list[CheckedTheorem]) -> list[CheckedTheorem]:
    """One of those that are proved together, and none that stands inside the proof of another one."""
    found: list[CheckedTheorem] = []
    for one in answers:
        if not found or one.theorem.start >= found[-1].theorem.proof_end:
            found.append(one)
    return found


def assuming(source: bytes, answers: list[CheckedTheorem]) -> bytes:
    """The text with the proofs that fail given up; what stands elsewhere stays where it is."""
    for one in outermost(answers):
        theorem = one.theorem
        word = b" Abort" if theorem.kind == "Derive" else b" Admitted"
        proof = source[theorem.statement_end : theorem.proof_end]
        filled = (word + b"\n" * proof.count(b"\n")).ljust(len(proof) - 1) + b"."
        source = source[: theorem.statement_end] + filled + source[theorem.proof_end :]
    return source


@pytest.mark.parametrize("file", FILES, ids=[str(one.relative_to(FEATURES)) for one in FILES])
async def test_the_checker_says_what_coqc_says(
    checker_async: CheckerClient, toolchain: Toolchain, tmp_path: Path, file: Path
) -> None:
    source = file.read_bytes()
    text = source.decode()
    expected = dict(_EXPECTED.findall(text))
    policy = _POLICY.search(text)
    for what, wanted in _NEEDS.findall(text):
        if what == "NEEDS" and wanted not in toolchain.library_folders:
            pytest.skip(f"{toolchain.name} has no {wanted}")
        if what != "NEEDS" and (toolchain.version >= version_numbers(wanted)) != (what == "SINCE"):
            pytest.skip(f"this is {toolchain.coq_version}")

    compiling = asyncio.create_task(asyncio.to_thread(compiled, toolchain, tmp_path, source))
    answers: list[CheckedTheorem] = []
    error = ""
    try:
        async for one in checker_async.check_file(text=text, logical_name=NAME):
            answers.append(one)
    except EnvironmentFailedError as broken:
        error = str(broken)
    whole = await compiling

    # Each theorem is proved, or given up where its proof ends so, or what the file says of it.
    dropped = given_up(source, answers)
    found = {}
    for one in answers:
        usual = _ADMITTED if one in dropped else _PROVED
        if outcome(one) != usual:
            found[one.theorem.qualified_name] = f"{one.result.verdict.value} {one.result.reason.value}".strip()
            assert one.result.message
    said = expected.pop("file", "")
    assert found == expected, [(one.theorem.name, one.result.message) for one in answers]
    assert (said in error) if said else error == "", error

    # coqc takes a file where the checker finds no fault in it.
    assert whole.accepted == (policy is not None or not (found or error)), whole.said
    assert (policy is None) or found or error

    # It takes it without the proofs that fail, too; and what it refuses then stands where the checker says.
    outside = [one for one in answers if one.result.verdict is Verdict.ERROR]
    wrong = [one for one in answers if not (one in outside or one.result.proved or one in dropped)]
    if (wrong or outside) and policy is None:
        source = assuming(source, wrong)
        whole = compiled(toolchain, tmp_path, source)
        assert whole.accepted == (not outside and not error), whole.said
    told = _LINE.search(outside[0].result.message if outside else error)
    if told is not None and policy is None:
        assert int(told[1]) == whole.line, whole.said

    # No proof is missing, none is invented, and each has Coq's own name.
    gone = [range(one.theorem.start + 1, one.theorem.proof_end) for one in outermost(wrong)]
    judged = [one for one in answers if one not in outside and not any(one.theorem.start in inside for inside in gone)]
    names: dict[int, list[str]] = {}
    for one in judged:
        if one not in dropped and one not in wrong:
            names.setdefault(one.theorem.proof_end, []).append(one.theorem.name)
    together: dict[tuple[int, int], set[str]] = {}
    for one in judged:
        together.setdefault((one.theorem.statement_end, one.theorem.proof_end), set()).add(one.theorem.name)
    ends = [end for end in whole.ends if not outside or end <= outside[0].theorem.start]
    opened = proofs(toolchain, source, ends, names)
    assert sorted((one.opened, one.ended) for one in opened) == sorted(together)
    for proof in opened:
        here = together[proof.opened, proof.ended]
        if _RENAMED.search(source[: proof.ended]) is None:
            assert proof.name in here


def test_each_expectation_is_of_a_theorem_that_is_there() -> None:
    """A comment with a slip in it expects nothing."""
    for file in FILES:
        text = file.read_text()
        assert len(re.findall(r"EXPECT|POLICY", text)) == len(_EXPECTED.findall(text)) + len(_POLICY.findall(text)), (
            file
        )
