"""The plugin's memory in an engine: in states that go different ways, and in forks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coq_checker.engine.api import CoqEngine
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import Toolchain


class Line:
    """An engine, and the state that one line of text has led to."""

    def __init__(self, engine: CoqEngine) -> None:
        self.engine = engine
        self.tip = engine.first

    async def fork(self) -> "Line":
        """A fork that goes on from the same state."""
        fork = Line(await self.engine.fork())
        fork.tip = self.tip
        return fork

    async def tell(self, text: str) -> None:
        """Goes on."""
        done = await self.engine.advance(self.tip, text.encode())
        assert done.through, done.error
        self.tip = done.steps[-1].state


@pytest_asyncio.fixture
async def session(each_toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[Line]:
    """A line in an engine of its own."""
    engine = await start_engine(engine_options(each_toolchain), tmp_path)
    try:
        yield Line(engine)
    finally:
        engine.kill()


async def asked(session: Line, names: list[str], state: int | None = None) -> tuple[list[list[str]], str]:
    """What constants rest on, asked by their names; and Coq's error."""
    command = f'PalmettoAssumptions "nonce" {" ".join(names)}.'
    printed = await session.engine.query(session.tip if state is None else state, command)
    lines = [line for message in printed.messages for line in message.split("\n") if line.startswith("nonce")]
    items = [[item for item in line.partition(" = ")[2].split("; ") if item] for line in lines]
    return items, printed.error.message if printed.error is not None else ""


async def rests_on(session: Line, name: str, state: int | None = None) -> set[str]:
    (items,), error = await asked(session, [name], state)
    assert not error
    return {f"{kind} {name.rpartition('.')[2]}" for kind, _, name in (item.partition(" ") for item in items)}


SIGNATURE = "Module Type T. Parameter a : nat. Definition alike := 1. End T. Axiom ax : nat."

# What is told before, twice two texts that declare the same names, the name asked about, what it rests on.
SWAPS = {
    "theorem": (
        "Axiom ax : 1 = 1.",
        ("Theorem foo : 1 = 1. Proof. exact ax. Qed.", {"axiom ax"}),
        ("Theorem foo : 1 = 1. Proof. reflexivity. Qed.", set()),
        "foo",
    ),
    "what the theorem uses": (
        "",
        ("Axiom l : 1 = 1. Theorem foo : 1 = 1. Proof. exact l. Qed.", {"axiom l"}),
        ("Theorem l : 1 = 1. Proof. reflexivity. Qed. Theorem foo : 1 = 1. Proof. exact l. Qed.", set()),
        "foo",
    ),
    "inductive": (
        "Axiom ax : Type.",
        ("Inductive foo : Type := c : ax -> foo.", {"axiom ax"}),
        ("Inductive foo : Type := c : nat -> foo.", set()),
        "c",
    ),
    "what the inductive uses": (
        "",
        ("Axiom l : Type. Inductive foo : Type := c : l -> foo.", {"axiom l"}),
        ("Definition l := nat. Inductive foo : Type := c : l -> foo.", set()),
        "foo",
    ),
    # The kernel has one record for the parameter `a`, whatever module implements it.
    "sealed module": (
        SIGNATURE,
        ("Module N : T. Definition a := ax. Definition alike := 1. End N.", {"axiom ax"}),
        ("Module N : T. Definition a := 3. Definition alike := 1. End N.", set()),
        "N.a",
    ),
    "use of a sealed module": (
        SIGNATURE,
        (
            "Module N : T. Definition a := ax. Definition alike := 1. End N. Definition foo := N.a + N.alike.",
            {"axiom ax"},
        ),
        ("Module N : T. Definition a := 3. Definition alike := 1. End N. Definition foo := N.a + N.alike.", set()),
        "foo",
    ),
    "sealed module in a module": (
        f"{SIGNATURE} Module Type U. Declare Module X : T. End U. Module One. Definition a := ax. "
        "Definition alike := 1. End One. Module Two. Definition a := 3. Definition alike := 1. End Two.",
        ("Module N : U. Module X := One. End N.", {"axiom ax"}),
        ("Module N. Module X : T := Two. End N.", set()),
        "N.X.a",
    ),
    "alias of a sealed module": (
        f"{SIGNATURE} Module One. Definition a := ax. Definition alike := 1. End One.",
        ("Module M : T := One. Module N := M.", {"axiom ax"}),
        ("Module M : T. Definition a := 3. Definition alike := 1. End M. Module N := M.", set()),
        "N.a",
    ),
    "functor's argument": (
        f"{SIGNATURE} Module F (X : T). Definition foo := X.a. End F.",
        ("Module A. Definition a := ax. Definition alike := 1. End A. Module N := F A.", {"axiom ax"}),
        ("Module A. Definition a := 3. Definition alike := 1. End A. Module N := F A.", set()),
        "N.foo",
    ),
    "sealed functor": (
        SIGNATURE,
        (
            "Module F : T. Definition a := ax. Definition alike := 1. End F. Module G (X : T). "
            "Definition foo := X.a. End G. Module N := G F.",
            {"axiom ax"},
        ),
        (
            "Module F : T. Definition a := 3. Definition alike := 1. End F. Module G (X : T). "
            "Definition foo := X.a. End G. Module N := G F.",
            set(),
        ),
        "N.foo",
    ),
    "section": (
        "Axiom ax : nat.",
        ("Section S. Let x := ax. Definition foo := x. End S.", {"axiom ax"}),
        ("Section S. Let x := 3. Definition foo := x. End S.", set()),
        "foo",
    ),
    "open section": (
        "Axiom ax : nat.",
        ("Section S. Let x := ax. Definition foo := x.", {"axiom ax"}),
        ("Section S. Variable x : nat. Definition foo := x.", {"variable x"}),
        "foo",
    ),
    "guard": (
        "",
        (
            "#[bypass_check(guard)] Fixpoint l (n : nat) : nat := l n. Definition foo := l 0.",
            {"guarded l"},
        ),
        ("Fixpoint l (n : nat) : nat := n. Definition foo := l 0.", set()),
        "foo",
    ),
}


@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
@pytest.mark.parametrize("swap", SWAPS)
async def test_going_back(swap: str, turned: bool, session: Line) -> None:
    before, first, second, name = SWAPS[swap]
    if turned:
        first, second = second, first
    if before:
        await session.tell(before)
    base = session.tip
    for text, expected in (first, second, first):
        await session.tell(text)
        assert await rests_on(session, name) == expected
        assert await rests_on(session, name) == expected
        session.tip = base


async def test_an_older_state_has_its_own_answer(session: Line) -> None:
    await session.tell("Axiom ax : 1 = 1. Section S. Let x := ax. Theorem foo : 1 = 1. Proof. exact x. Qed.")
    inside = session.tip
    await session.tell("End S. Section S2. Variable y : 1 = 1. Definition bar := conj y foo.")
    assert await rests_on(session, "bar") == {"variable y", "axiom ax"}
    assert await rests_on(session, "foo", inside) == {"axiom ax"}
    assert await rests_on(session, "bar") == {"variable y", "axiom ax"}


async def test_a_sealed_module_is_seen_through_where_coq_does(session: Line) -> None:
    """From within another open module Coq takes its fields for axioms."""
    await session.tell(f"{SIGNATURE} Module N : T. Definition a := 3. Definition alike := 1. End N.")
    await session.tell("Definition foo := N.a. Inductive I : Set := i : (fun _ => nat) N.a -> I.")
    outside = session.tip
    for _ in range(2):
        assert await rests_on(session, "foo") == await rests_on(session, "I") == set()
        await session.tell("Module Open. Definition bar := foo.")
        assert await rests_on(session, "bar") == await rests_on(session, "I") == {"axiom a"}
        await session.tell("End Open.")
        assert await rests_on(session, "Open.bar") == await rests_on(session, "I") == set()
        session.tip = outside


async def test_forks_remember_and_go_their_own_ways(session: Line) -> None:
    await session.tell("Axiom ax : 1 = 1. Theorem known : 1 = 1. Proof. exact ax. Qed.")
    assert await rests_on(session, "known") == {"axiom ax"}
    one, other = await session.fork(), await session.fork()
    try:
        await one.tell("Theorem foo : 1 = 1. Proof. exact known. Qed.")
        await other.tell("Theorem foo : 1 = 1. Proof. reflexivity. Qed.")
        assert await rests_on(one, "foo") == {"axiom ax"}
        assert await rests_on(other, "foo") == set()
        assert await rests_on(other, "known") == {"axiom ax"}
    finally:
        one.engine.kill()
        other.engine.kill()
    await session.tell("Theorem foo : 1 = 1. Proof. exact ax. Qed.")
    assert await rests_on(session, "foo") == {"axiom ax"}


async def test_many_names_in_one_question(session: Line) -> None:
    await session.tell(
        "Axiom ax : nat. Definition one := ax. Definition two := 2. Module M. Definition one := 1. End M."
    )
    assert await asked(session, ["one", "two", "M.one"]) == ([["axiom Top.ax"], [], []], "")


async def test_an_unknown_name_is_no_answer(session: Line) -> None:
    await session.tell("Definition one := 1.")
    assert await asked(session, ["one"]) == ([[]], "")
    _, error = await asked(session, ["one", "nowhere"])
    assert "nowhere" in error


async def test_a_very_deep_term(session: Line) -> None:
    await session.tell("Axiom ax : nat. Definition deep := Nat.iter 20000 S ax.")
    await session.tell("Definition foo := Eval vm_compute in deep.")
    assert await rests_on(session, "foo") == {"axiom ax"}
