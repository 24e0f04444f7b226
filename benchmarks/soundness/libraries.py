"""Installed libraries under the strict policy: each constant's own term, as it stands in the compiled library."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from coq_checker.engine.api import Audit, CoqEngine
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.gates.kernel import use_of
from coq_checker.toolchain import Toolchain
from coq_checker.toolchain.engines import NATIVE

# Whole libraries are in memory, and an answer tells of all that stands in one.
_ADDRESS_SPACE_BYTES = 24 << 30
_OUTPUT_BYTES = 1 << 30
# Not to be loaded beside Coq's own library: it has one of its own, with other axioms of the kernel.
_APART = frozenset(("HoTT", "HoTT_Contrib", "HoTT_Tests"))


@dataclass(slots=True)
class Surveyed:
    """What the strict policy says of one library, or of a part of the corpora.

    Attributes:
        name: its logical name.
        theorems: how many there are: constants whose proof is opaque.
        definitions: constants whose body can be unfolded; proofs that end with `Defined` are among them.
        refused: names of the theorems that are refused, and why.
        refused_definitions: the same of definitions, which nobody asks to be proved.
        features: how many theorems use each.
        left_out: parts that could not be looked at, and why.
    """

    name: str
    theorems: int = 0
    definitions: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    refused_definitions: dict[str, str] = field(default_factory=dict)
    features: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, str] = field(default_factory=dict)


def installed(toolchain: Toolchain) -> dict[str, list[str]]:
    """The logical names of the files of each installed library, by the library's own."""
    coqlib = toolchain.host_path(toolchain.coqlib)
    found: dict[str, list[str]] = {}
    places = [(toolchain.standard_library, coqlib / "theories")]
    if (coqlib / "user-contrib").is_dir():
        places += [(one.name, one) for one in sorted((coqlib / "user-contrib").iterdir()) if one.is_dir()]
    for name, folder in places:
        files = sorted(folder.rglob("*.vo"))
        # Rocq's own few files are called `Corelib`.
        root = "Corelib" if folder.name == "theories" and toolchain.version >= (9,) else name
        names = [".".join((root, *path.relative_to(folder).with_suffix("").parts)) for path in files]
        if names and name not in _APART:
            found[root] = names
    return found


async def survey(toolchain: Toolchain, library: str, files: list[str]) -> Surveyed:
    """Looks at all that stands in the files of a library."""
    options = replace(
        engine_options(toolchain, NATIVE), output_bytes=_OUTPUT_BYTES, address_space_bytes=_ADDRESS_SPACE_BYTES
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = await start_engine(options, Path(folder))
        try:
            return await _survey(engine, toolchain.version, library, files)
        finally:
            engine.kill()


async def _survey(engine: CoqEngine, version: tuple[int, ...], library: str, files: list[str]) -> Surveyed:
    found = Surveyed(library)
    state = engine.first
    for file in files:
        done = await engine.advance(state, f"Require {file}.".encode())
        if done.error is None:
            state = done.steps[-1].state
        else:
            found.left_out[file] = done.error.message
    answer = await engine.query(state, f'PalmettoFeatures "{library}".')
    if answer.error is not None:
        raise RuntimeError(f"{library}: {answer.error.message}")
    for line in "\n".join(answer.messages).splitlines():
        kind, name, features, places = line.split("\t")
        told = tuple((one.partition(": ")[0], one.partition(": ")[2]) for one in places.split("; ") if one)
        use = use_of([Audit(name=name, features=tuple(features.split()), places=told)], version)
        refusal = use.refusal if use is not None else ""
        if kind == "definition":
            found.definitions += 1
            if refusal:
                found.refused_definitions[name] = refusal
            continue
        found.theorems += 1
        found.features.update(features.split())
        if refusal:
            found.refused[name] = refusal
    return found
