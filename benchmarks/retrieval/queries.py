"""What is asked in the measurement: the goal of every theorem of a project, its file held out; and what it used."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retriever.index.pack import Pack
from retriever.search import Query
from retriever.signals import Place, place_at
from retriever.view import View


@dataclass(frozen=True, slots=True)
class Asked:
    """One question.

    Attributes:
        theorem: its name.
        file: of the project.
        text: hypotheses' types and the conclusion, joined by arrows, as Coq prints them.
        query: the same as our features.
        place: what is accessible.
        known_proofs: whose premises a ranking may know: of files that this one requires, not its own.
        relevant: numbers of the premises that the true proof used.
    """

    theorem: str
    file: str
    text: str
    query: Query
    place: Place
    known_proofs: NDArray[np.bool_]
    relevant: NDArray[np.int64]


def premise_text(view: View, entry: int) -> str:
    """An entry as PALM shows it: its name and its type."""
    pack, row = view.place(view.entries, entry)
    full, printed, source = (int(pack.arrays[f"entry_{part}"][row]) for part in ("full", "printed", "source"))
    shown = pack.strings[printed] or pack.strings[source]
    return f"{pack.strings[full].rpartition('.')[2]} : {shown}"


def questions(view: View, *, own_proofs: bool = False) -> Iterator[Asked]:
    """All theorems of the view's project whose proof used premises that are accessible there.

    Args:
        own_proofs: what stands earlier in the theorem's own file is known too (not held out).
    """
    pack = view.packs[0]
    first_step: dict[int, int] = {}
    for step, proof in enumerate(pack.arrays["step_proof"].tolist()):
        first_step.setdefault(proof, step)
    for proof in range(len(pack.arrays["proof_name"])):
        if proof not in first_step:
            continue
        file, start = int(view.proof_file[proof]), int(view.proof_start[proof])
        place = place_at(view, view.reach(file), start, own_proofs=own_proofs)
        used = np.unique(view.dep_entry[view.dep_pointers[proof] : view.dep_pointers[proof + 1]])
        used = used[used >= 0]
        relevant = used[view.is_premise[used] & place.entries[used]].astype(np.int64)
        if not len(relevant):
            continue
        goal, hypotheses, query = step_question(pack, first_step[proof])
        text = " -> ".join([*hypotheses, goal])
        name = pack.strings[int(pack.arrays["proof_full"][proof])]
        yield Asked(name, view.files[file].path, text, query, place, place.proofs, relevant)


def step_question(pack: Pack, step: int) -> tuple[str, list[str], Query]:
    """The goal of a step: its conclusion, its hypotheses' types, and its features."""
    goal = pack.strings[int(pack.arrays["step_goal"][step])]
    hypotheses = [str(kind) for _, _, kind in json.loads(pack.strings[int(pack.arrays["step_hypotheses"][step])])]
    pointers = pack.steps.pointers
    ids = np.sort(pack.vocabulary[pack.steps.features[pointers[step] : pointers[step + 1]]])
    return goal, hypotheses, Query(ids, (ids >> np.uint64(62)).astype(np.int64))
