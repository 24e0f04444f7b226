"""The plugin's memory in sertop: after going back, and in forks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from coq_checker.audit import Assumption, Audit, PluginAuditor

from coq_checker.audit_plugin.build import plugin_path
from coq_checker.session.sertop import EngineOptions, SertopSession
from coq_checker.toolchain import Toolchain


@pytest_asyncio.fixture
async def session(toolchain: Toolchain, tmp_path: Path) -> AsyncIterator[SertopSession]:
    """A sertop with the plugin loaded."""
    plugin = plugin_path(toolchain)
    assert plugin is not None, "the audit plugin is not built"
    options = EngineOptions(toolchain, read_only=(plugin,), environment=(("OCAMLPATH", str(plugin)),))
    started = await SertopSession.start(options, tmp_path)
    try:
        await PluginAuditor().prepare(started)
        yield started
    finally:
        started.kill()


async def tell(session: SertopSession, text: str) -> None:
    added = await session.add(text.encode())
    assert added.error is None, added.error
    done = await session.execute(session.tip)
    assert done.error is None, done.error


async def audits_of(session: SertopSession, names: list[str], state: int | None = None) -> list[Audit]:
    """What constants rest on, asked by their names."""
    printed = await session.query(f'PalmettoAssumptions "nonce" {" ".join(names)}.', state)
    if printed.error is not None:
        return [Audit(problem=printed.error.message)]
    lines = [line for message in printed.messages for line in message.split("\n") if line.startswith("nonce")]
    items = [[item.partition(" ") for item in line.partition(" = ")[2].split("; ") if item] for line in lines]
    return [Audit(tuple(Assumption(kind, name) for kind, _, name in one)) for one in items]


async def rests_on(session: SertopSession, name: str, state: int | None = None) -> set[str]:
    (audit,) = await audits_of(session, [name], state)
    assert audit.problem is None
    return {f"{one.kind} {one.name.rpartition('.')[2]}" for one in audit.assumptions}


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
async def test_going_back(swap: str, turned: bool, session: SertopSession) -> None:
    before, first, second, name = SWAPS[swap]
    if turned:
        first, second = second, first
    if before:
        await tell(session, before)
    base = session.tip
    for text, expected in (first, second, first):
        await tell(session, text)
        assert await rests_on(session, name) == expected
        assert await rests_on(session, name) == expected
        await session.back_to(base)


async def test_an_older_state_has_its_own_answer(session: SertopSession) -> None:
    await tell(session, "Axiom ax : 1 = 1. Section S. Let x := ax. Theorem foo : 1 = 1. Proof. exact x. Qed.")
    inside = session.tip
    await tell(session, "End S. Section S2. Variable y : 1 = 1. Definition bar := conj y foo.")
    assert await rests_on(session, "bar") == {"variable y", "axiom ax"}
    assert await rests_on(session, "foo", inside) == {"axiom ax"}
    assert await rests_on(session, "bar") == {"variable y", "axiom ax"}


async def test_a_sealed_module_is_seen_through_where_coq_does(session: SertopSession) -> None:
    """From within another open module Coq takes its fields for axioms."""
    await tell(session, f"{SIGNATURE} Module N : T. Definition a := 3. Definition alike := 1. End N.")
    await tell(session, "Definition foo := N.a. Inductive I : Set := i : (fun _ => nat) N.a -> I.")
    outside = session.tip
    for _ in range(2):
        assert await rests_on(session, "foo") == await rests_on(session, "I") == set()
        await tell(session, "Module Open. Definition bar := foo.")
        assert await rests_on(session, "bar") == await rests_on(session, "I") == {"axiom a"}
        await tell(session, "End Open.")
        assert await rests_on(session, "Open.bar") == await rests_on(session, "I") == set()
        await session.back_to(outside)


async def test_forks_remember_and_go_their_own_ways(session: SertopSession) -> None:
    await tell(session, "Axiom ax : 1 = 1. Theorem known : 1 = 1. Proof. exact ax. Qed.")
    assert await rests_on(session, "known") == {"axiom ax"}
    one, other = await session.fork(), await session.fork()
    try:
        await tell(one, "Theorem foo : 1 = 1. Proof. exact known. Qed.")
        await tell(other, "Theorem foo : 1 = 1. Proof. reflexivity. Qed.")
        assert await rests_on(one, "foo") == {"axiom ax"}
        assert await rests_on(other, "foo") == set()
        assert await rests_on(other, "known") == {"axiom ax"}
    finally:
        one.kill()
        other.kill()
    await tell(session, "Theorem foo : 1 = 1. Proof. exact ax. Qed.")
    assert await rests_on(session, "foo") == {"axiom ax"}


async def test_many_names_in_one_question(session: SertopSession) -> None:
    await tell(
        session, "Axiom ax : nat. Definition one := ax. Definition two := 2. Module M. Definition one := 1. End M."
    )
    audits = await audits_of(session, ["one", "two", "M.one"])
    assert [[str(item) for item in audit.assumptions] for audit in audits] == [["SerTop.ax"], [], []]


async def test_an_unknown_name_is_no_answer(session: SertopSession) -> None:
    await tell(session, "Definition one := 1.")
    (known,) = await audits_of(session, ["one"])
    assert known.problem is None and known.assumptions == ()
    (unknown,) = await audits_of(session, ["one", "nowhere"])
    assert unknown.problem is not None and "nowhere" in unknown.problem


async def test_a_very_deep_term(session: SertopSession) -> None:
    await tell(session, "Axiom ax : nat. Definition deep := Nat.iter 20000 S ax.")
    await tell(session, "Definition foo := Eval vm_compute in deep.")
    assert await rests_on(session, "foo") == {"axiom ax"}
