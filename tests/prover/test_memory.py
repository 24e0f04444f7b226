"""What the checker answered once is used again: the same outcome, charged as it was, and nothing is taken on trust."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from coq_checker.client import CheckerClient, FreeStatement, Options, ProofResult, Reason, Timings, Verdict
from prover import Finished, ProofVerdict, Prover, ProveTask
from prover.memory import CheckMemory, MemoryFileError

CONTEXT = "Require Import List. Import ListNotations."
STATEMENT = "Theorem t (l k : list nat) : length (l ++ k) = length k + length l."
# Open whatever is tried.
HARD = "Theorem t (l k : list nat) (f : list nat -> nat) : f (l ++ k) = f (k ++ l) -> f l = f k."
CORE = {"use_model": False, "retrieval": False, "hammer": False}


class Counting:
    """The checker, and what it was asked."""

    def __init__(self, checker: CheckerClient) -> None:
        self.theorem = checker.theorem
        self.asked: list[tuple[str, Options]] = []
        # Of each question, in the order of the answers.
        self.paid: list[tuple[bool, float]] = []
        self._checker = checker

    async def check_proof(
        self, target: object, proof: str, *, options: Options, timeout_s: float | None = None
    ) -> ProofResult:
        self.asked.append((proof, options))
        result = await self._checker.check_proof(target, proof, options=options, timeout_s=timeout_s)  # type: ignore[arg-type]
        self.paid.append((options.partial, result.timings.cpu_ns / 1e9))
        return result


async def work(checker: Counting, memory: CheckMemory | None, statement: str, budget_cpu_s: float = 20) -> Finished:
    task = ProveTask(FreeStatement(statement, CONTEXT), budget_cpu_s, **CORE)  # type: ignore[arg-type]
    checker.asked.clear()
    checker.paid.clear()
    events = [event async for event in Prover(checker, memory=memory).prove(task)]
    last = events[-1]
    assert isinstance(last, Finished)
    return last


async def test_the_second_time_costs_the_same_and_takes_no_time(checker_async: CheckerClient, tmp_path: Path) -> None:
    checker = Counting(checker_async)
    with CheckMemory(tmp_path / "deep" / "memory.sqlite") as memory:
        first = await work(checker, memory, STATEMENT)
        asked = len(checker.asked)
        paid = [cpu_s for _, cpu_s in checker.paid]
        beginnings = [cpu_s for partial, cpu_s in checker.paid if partial]
        assert first.verdict is ProofVerdict.PROVED
        assert first.remembered_cpu_s == 0 and asked > 5
    with CheckMemory(tmp_path / "deep" / "memory.sqlite") as memory:
        again = await work(checker, memory, STATEMENT)
    assert (again.verdict, again.script, again.how) == (first.verdict, first.script, first.how)
    # The first question, which tells the environment, and the proof as a whole, without a prelude and with it.
    assert [options.partial for _, options in checker.asked] == [True, False, False]
    # What was remembered is charged as it was, and what was asked now as it is.
    assert again.remembered_cpu_s == pytest.approx(sum(beginnings[1:]))
    assert again.cpu_s == pytest.approx(again.remembered_cpu_s + sum(cpu_s for _, cpu_s in checker.paid))
    assert first.cpu_s == pytest.approx(sum(paid))
    assert again.wall_s > 0
    assert [one.name for one in again.stages] == [one.name for one in first.stages]


async def test_a_larger_budget_goes_on_from_a_smaller_one(checker_async: CheckerClient, tmp_path: Path) -> None:
    checker = Counting(checker_async)
    with CheckMemory(tmp_path / "memory.sqlite") as memory:
        small = await work(checker, memory, HARD, 1)
        large = await work(checker, memory, HARD, 3)
    assert small.verdict is not ProofVerdict.PROVED and large.verdict is not ProofVerdict.PROVED
    assert large.remembered_cpu_s > 0.5 * small.cpu_s
    assert small.cpu_s < large.cpu_s < 3.5
    assert len(checker.asked) > 2


async def test_another_text_is_another_question(checker_async: CheckerClient, tmp_path: Path) -> None:
    checker = Counting(checker_async)
    with CheckMemory(tmp_path / "memory.sqlite") as memory:
        await work(checker, memory, STATEMENT)
        # The same statement, which means something else and is false there.
        other = "Definition length {A : Type} (l : list A) : nat := match l with [] => 0 | _ => 1 end."
        target = FreeStatement(STATEMENT, f"{CONTEXT}\n{other}")
        task = ProveTask(target, 3, **CORE)  # type: ignore[arg-type]
        last = [event async for event in Prover(checker, memory=memory).prove(task)][-1]
    assert isinstance(last, Finished)
    assert last.verdict is not ProofVerdict.PROVED
    assert len({proof for proof, options in checker.asked if options.partial}) > 20  # asked anew


async def test_a_forged_memory_proves_nothing(checker_async: CheckerClient, tmp_path: Path) -> None:
    checker = Counting(checker_async)
    path = tmp_path / "memory.sqlite"
    proved = ProofResult(Verdict.PROVED)
    with CheckMemory(path) as memory:
        await work(checker, memory, HARD, 1)
        questions = [row[0] for row in sqlite3.connect(path).execute("SELECT question FROM answers")]
        assert questions
    path.unlink()
    with CheckMemory(path) as memory:
        for question in questions:
            memory.keep(question, 1000, proved)
        done = await work(checker, memory, HARD, 3)
    assert done.verdict is not ProofVerdict.PROVED and done.script == ""


def result(verdict: Verdict, cpu_ms: int, reason: Reason = Reason.NONE) -> ProofResult:
    return ProofResult(verdict, reason, "said", timings=Timings(cpu_ns=cpu_ms * 1_000_000, wall_ns=5))


def test_limits(tmp_path: Path) -> None:
    with CheckMemory(tmp_path / "memory.sqlite") as memory:
        failed = result(Verdict.FAILED, 700)
        memory.keep(b"ended", 2000, failed)
        assert memory.find(b"ended", 5000) == failed
        assert memory.find(b"ended", 700) == failed
        assert memory.find(b"ended", 699) is None  # the limit would have stopped it
        stopped = result(Verdict.TIMEOUT, 2010, Reason.CPU_LIMIT)
        memory.keep(b"stopped", 2000, stopped)
        assert memory.find(b"stopped", 2000) == stopped.with_timings(cpu_ns=2_000_000_000)
        assert memory.find(b"stopped", 500) == stopped.with_timings(cpu_ns=500_000_000)
        assert memory.find(b"stopped", 2001) is None  # it may end in more
        memory.keep(b"stopped", 1000, replace(stopped, message="less"))
        assert memory.find(b"stopped", 2000) is not None
        memory.keep(b"stopped", 9000, failed)
        assert memory.find(b"stopped", 9000) == failed
        memory.keep(b"stopped", 2000, stopped)
        assert memory.find(b"stopped", 9000) == failed
        assert memory.find(b"never asked", 9000) is None


def test_what_says_nothing_about_the_question_is_not_kept(tmp_path: Path) -> None:
    with CheckMemory(tmp_path / "memory.sqlite") as memory:
        memory.keep(b"q", 2000, result(Verdict.TIMEOUT, 10, Reason.WALL_LIMIT))
        memory.keep(b"q", 2000, result(Verdict.ERROR, 10, Reason.WORKER_LOST))
        assert memory.find(b"q", 1000) is None


def test_a_file_that_goes_away_costs_no_theorem(tmp_path: Path) -> None:
    with CheckMemory(tmp_path / "memory.sqlite") as memory:
        memory.keep(b"q", 2000, result(Verdict.FAILED, 10))
    memory.keep(b"r", 2000, result(Verdict.FAILED, 10))  # it is closed
    assert memory.find(b"q", 2000) is None


def test_several_processes_use_one_file(tmp_path: Path) -> None:
    with CheckMemory(tmp_path / "m.sqlite") as one, CheckMemory(tmp_path / "m.sqlite") as other:
        one.keep(b"q", 2000, result(Verdict.FAILED, 10))
        assert other.find(b"q", 2000) == result(Verdict.FAILED, 10)
        other.keep(b"r", 2000, result(Verdict.FAILED, 10))
        assert one.find(b"r", 2000) is not None


def test_a_file_of_something_else(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no database, but some text that is long enough to look like one" * 20)
    with pytest.raises(MemoryFileError, match=r"text cannot be used as a memory of checks \(file is not a database\)"):
        CheckMemory(text)
    other = tmp_path / "other.sqlite"
    sqlite3.connect(other).execute("CREATE TABLE things (name TEXT)")
    with pytest.raises(MemoryFileError, match="a database of something else"):
        CheckMemory(other)
    with pytest.raises(MemoryFileError, match="give another file"):
        CheckMemory(text / "below" / "a file")


async def test_within_one_work_nothing_is_asked_twice(checker_async: CheckerClient) -> None:
    checker = Counting(checker_async)
    await work(checker, None, HARD, 3)
    ended = [
        (proof, options.prelude, options.printing, options.want_messages) for proof, options in checker.asked[:-20]
    ]
    assert len(ended) > 50
    again = [one for one in set(ended) if ended.count(one) > 1]
    # What a limit stopped may be asked again with a higher one.
    assert len(again) <= 2, again
