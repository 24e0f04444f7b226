"""What speaks for a premise at a position: the signals that the ranking adds up.

Each is between 0 and 1 for each candidate. They come from its text (TF-IDF by namespace of features), from proofs and
steps of proofs that met similar goals (nearest neighbours over what these used), from how often it is used, and from
where it stands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retriever.index.pack import KINDS
from retriever.search import Query, Table, summed
from retriever.text import SPACES
from retriever.view import Mask, Reach, View

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Where no more premises than these are accessible, all of them are ranked.
_ALL = 1500
_TEXT_CANDIDATES = 500
_NEIGHBOURS = 150
_RARE_NEIGHBOURS = 150
_STEP_NEIGHBOURS = 100
_NEAR_ENTRIES = 250
# Powers of similarity and of the number of premises in what a neighbour passes on.
_SIMILARITY_POWER = 2.0
_KNN_POWER = 6.0
_DISTANCE = 20.0

NAMES = (
    "text_names",
    "text_pairs",
    "text_conclusion",
    "text_words",
    "text_best",
    "covered",
    "covers",
    "rare_text",
    "hammer",
    "hammer_share",
    "rare_share",
    "neighbours",
    "neighbours_rare",
    "neighbours_sure",
    "nearest",
    "steps",
    "steps_sure",
    "text_best_rank",
    "hammer_rank",
    "neighbours_rank",
    "steps_rank",
    "hammer_top",
    "uses",
    "project_uses",
    "file_uses",
    "project_file_uses",
    "own_uses",
    "own_recent",
    "same_file",
    "near",
    "same_section",
    "same_project",
    "same_folder",
    "direct",
    "constructor",
    "scheme",
    "projection",
    "instance",
    "axiom",
    "same_file_text",
    "same_project_text",
    "neighbours_text",
    "type_in_goal",
    "named",
    "named_constructor",
    "named_rare",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A position, as the ranking sees it.

    Attributes:
        reach: what is accessible from the file.
        byte: offset in the file.
        own: first and behind-last number of the file's own entries that are accessible.
        own_proofs: the same of its proofs.
    """

    reach: Reach
    byte: int
    entries: Mask
    proofs: Mask
    own_entries: Numbers
    own_proofs: Numbers


def place_at(view: View, reach: Reach, byte: int, *, own_proofs: bool = True) -> Place:
    """What is accessible at a byte of the file that `reach` is of.

    Args:
        own_proofs: False leaves out what the file's own proofs tell, as when a file is held out.
    """
    entries, proofs = reach.entries, reach.proofs
    nothing = np.zeros(0, np.int64)
    mine, mine_proofs = nothing, nothing
    if reach.file >= 0:
        first, last = view.own(reach.file, "entries")
        mine = first + np.flatnonzero(view.entry_end[first:last] <= byte)
        entries = entries.copy()
        entries[mine] = True
        if own_proofs:
            first, last = view.own(reach.file, "proofs")
            mine_proofs = first + np.flatnonzero(view.proof_end[first:last] <= byte)
            proofs = proofs.copy()
            proofs[mine_proofs] = True
    return Place(reach, byte, entries, proofs, mine, mine_proofs)


def cosine(table: Table, query: Query) -> Values:
    """How alike the goal and each thing of a table are, over all features."""
    length = np.sqrt(max(table.query_norms(query).sum(), 1e-9))
    found: Values = table.gather(query).total() * table.scale / length
    return found


def top(values: Values, count: int, mask: Mask | None = None) -> Numbers:
    """Numbers of the largest positive values among those allowed, best first; ties in order of their numbers."""
    some = np.flatnonzero(values > 0 if mask is None else (values > 0) & mask)
    if len(some) > count:
        some = np.sort(some[np.argpartition(-values[some], count - 1)[:count]])
    return some[np.argsort(-values[some], kind="stable")]


def _ranges(starts: Numbers, ends: Numbers) -> tuple[Numbers, Numbers]:
    """All numbers of some ranges, and which range each is of."""
    sizes = ends - starts
    owners = np.repeat(np.arange(len(starts)), sizes)
    return np.arange(len(owners)) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes), owners


def _passed_on(view: View, neighbours: Numbers, scores: Values, power: float) -> tuple[Numbers, Values, Values]:
    """What neighbours' proofs used: entries, the sums of scores passed on, and the best single one.

    Each neighbour gives score / (number of its premises) ** power to each of them.
    """
    starts, ends = view.used_pointers[neighbours], view.used_pointers[neighbours + 1]
    rows, owners = _ranges(starts, ends)
    entries, inverse = np.unique(view.used[rows], return_inverse=True)
    given = scores[owners] / (ends - starts)[owners] ** power
    best = np.zeros(len(entries))
    np.maximum.at(best, inverse, scores[owners])
    return entries.astype(np.int64), summed(inverse, given, len(entries)), best


def _steps_used(view: View, steps: Numbers, scores: Values) -> tuple[Numbers, Values]:
    """What the rest of the proof used from each of some steps on."""
    proofs = view.step_proof[steps]
    rows, owners = _ranges(view.dep_pointers[proofs], view.dep_pointers[proofs + 1])
    entries = view.dep_entry[rows]
    wanted = (entries >= 0) & (view.dep_at[rows] >= view.step_start[steps][owners])
    wanted[wanted] = view.is_premise[entries[wanted]]
    size = max(1, view.entries.count)
    pairs = np.unique(owners[wanted] * size + entries[wanted])
    owners = pairs // size
    given = scores[owners] / np.sqrt(np.bincount(owners, minlength=len(steps))[owners])
    found, inverse = np.unique(pairs % size, return_inverse=True)
    return found, summed(inverse, given, len(found))


def _scaled(values: Values) -> Values:
    most = values.max(initial=0.0)
    return values / most if most > 0 else values


def candidates(view: View, place: Place, query: Query) -> tuple[Numbers, Values]:
    """Premises worth ranking, and their signals, one row each in the order of NAMES."""
    allowed = place.entries & view.is_premise
    shared = view.entries.gather(query)
    asked = np.maximum(view.entries.query_norms(query), 1e-9)
    by_space = [shared.sums(space) for space in range(len(SPACES))]
    text = (by_space[0] + by_space[1] + by_space[2] + by_space[3]) * view.entries.scale / np.sqrt(asked.sum())
    rare_text = shared.total((0, 1), _KNN_POWER)

    with_proofs = view.proofs.gather(query)
    alike = with_proofs.total() * view.proofs.scale / np.sqrt(max(view.proofs.query_norms(query).sum(), 1e-9))
    rare = with_proofs.total((0, 1), _KNN_POWER)
    near, near_rare = top(alike, _NEIGHBOURS, place.proofs), top(rare, _RARE_NEIGHBOURS, place.proofs)
    used, passed, best = _passed_on(view, near, alike[near] ** _SIMILARITY_POWER, 0.5)
    used_rare, passed_rare, _ = _passed_on(view, near_rare, rare[near_rare], 1.0)
    steps = cosine(view.steps, query) if view.steps.count else np.zeros(0)
    near_steps = top(steps, _STEP_NEIGHBOURS, place.proofs[view.step_proof])
    used_steps, passed_steps = _steps_used(view, near_steps, steps[near_steps] ** _SIMILARITY_POWER)

    found = np.flatnonzero(allowed)
    if len(found) > _ALL:
        parts = [top(text, _TEXT_CANDIDATES, allowed), top(by_space[2], _TEXT_CANDIDATES // 2, allowed)]
        parts += [top(rare_text, _TEXT_CANDIDATES // 2, allowed), used, used_rare, used_steps]
        parts += [place.own_entries[-_NEAR_ENTRIES:]]
        parts += [place.reach.common]
        found = np.unique(np.concatenate(parts))
        found = found[allowed[found]]

    def spread(where: Numbers, values: Values) -> Values:
        whole = np.zeros(view.entries.count)
        whole[where] = values
        return whole[found]

    norms = np.maximum(view.entries.norms[found].astype(np.float64), 1e-9)
    signals: dict[str, Values] = {}
    for space, name in enumerate(("text_names", "text_pairs", "text_conclusion", "text_words")):
        signals[name] = by_space[space][found] / np.sqrt(norms[:, space] * asked[space])
    signals["text_best"] = _scaled(text[found])
    whole = sum(one[found] for one in by_space)
    signals["covered"] = whole / norms.sum(axis=1)
    signals["covers"] = whole / asked.sum()
    signals["rare_text"] = _scaled(rare_text[found]) ** 0.25
    # CoqHammer's own sum: what a fact scores itself, and what its neighbours pass on.
    hammer = rare_text[found] + 2.7 * spread(used_rare, passed_rare)
    signals["hammer"] = _scaled(hammer) ** 0.25
    signals["hammer_share"] = _scaled(hammer)
    signals["rare_share"] = _scaled(rare_text[found])
    signals["neighbours"] = np.sqrt(_scaled(spread(used, passed)))
    signals["neighbours_rare"] = np.sqrt(_scaled(spread(used_rare, passed_rare)))
    signals["neighbours_sure"] = np.minimum(spread(used, passed), 1.0)
    signals["nearest"] = spread(used, best)
    signals["steps_sure"] = np.minimum(spread(used_steps, passed_steps), 1.0)
    signals["steps"] = np.sqrt(_scaled(spread(used_steps, passed_steps)))
    for name in ("text_best", "hammer", "neighbours", "steps"):
        signals[f"{name}_rank"] = _by_rank(signals[name], 10.0)
    signals["hammer_top"] = _by_rank(signals["hammer"], 1.0)
    signals |= _habits(view, place, found)
    signals |= _locality(view, place, found)
    kinds = view.entry_kind[found]
    for name, kind in (("constructor", "constr"), ("scheme", "scheme"), ("instance", "inst"), ("axiom", "ax")):
        signals[name] = (kinds == KINDS.index(kind)).astype(float)
    signals["projection"] = np.isin(kinds, [KINDS.index("proj"), KINDS.index("meth")]).astype(float)
    for name in ("same_file", "same_project", "neighbours"):
        signals[f"{name}_text"] = signals[name] * signals["text_best"]
    signals["named"] = np.isin(view.entry_short[found], query.ids).astype(float)
    signals["named_constructor"] = signals["named"] * signals["constructor"]
    signals["named_rare"] = signals["named"] * _scaled(spread(*_rarity(view, query)))
    # A constructor or scheme belongs to a type: whether the goal has that type's name among its own.
    part = (signals["constructor"] + signals["scheme"]) > 0
    signals["type_in_goal"] = np.where(part, signals["text_words"], 0.0)
    return found, np.stack([signals[name] for name in NAMES], axis=1)


def _rarity(view: View, query: Query) -> tuple[Numbers, Values]:
    """The entries that the goal names, and the weights of these names."""
    entries = view.short_named(query.ids)
    return entries, view.entries.weight_of(view.entry_short[entries])


def _by_rank(values: Values, half: float) -> Values:
    """half / (half + rank) of the positive values, ranks from 0, best first; 0 for the others."""
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return np.where(values > 0, half / (half + ranks), 0.0)


def _habits(view: View, place: Place, found: Numbers) -> dict[str, Values]:
    """How often something is used: in all proofs, the project's, the file's; and what else of its file is used."""
    reach = place.reach
    files = view.entry_file[found]
    return {
        "uses": np.log1p(reach.uses[found]) / 6.0,
        "project_uses": np.log1p(reach.project_uses[found]) / 4.0,
        "file_uses": np.log1p(reach.file_uses[files]) / 6.0,
        "project_file_uses": np.log1p(reach.project_file_uses[files]) / 5.0,
        **_own_uses(view, place, found),
    }


def _own_uses(view: View, place: Place, found: Numbers) -> dict[str, Values]:
    uses = np.zeros(view.entries.count)
    recent = np.zeros(view.entries.count)
    for age, proof in enumerate(place.own_proofs[::-1].tolist()):
        entries = np.unique(view.dep_entry[view.dep_pointers[proof] : view.dep_pointers[proof + 1]])
        entries = entries[entries >= 0]
        uses[entries] += 1
        recent[entries] = np.maximum(recent[entries], np.exp(-age / 5.0))
    return {"own_uses": np.log1p(uses[found]) / 3.0, "own_recent": recent[found]}


def _locality(view: View, place: Place, found: Numbers) -> dict[str, Values]:
    reach = place.reach
    files = view.entry_file[found]
    nothing = np.zeros(len(found))
    if reach.file < 0:
        signals = dict.fromkeys(("same_file", "near", "same_section", "same_project", "same_folder"), nothing)
        return signals | {"direct": reach.direct[files].astype(float)}
    same = files == reach.file
    last = int(place.own_entries[-1]) if len(place.own_entries) else 0
    near = np.where(same, np.exp(-(last - found).clip(min=0) / _DISTANCE), 0.0)
    section = np.where(same, view.entry_section[found] == view.section_at(reach.file, place.byte), False)
    return {
        "same_file": same.astype(float),
        "near": near,
        "same_section": section.astype(float),
        "same_project": (view.file_pack[files] == view.file_pack[reach.file]).astype(float),
        "same_folder": (view.file_folder[files] == view.file_folder[reach.file]).astype(float),
        "direct": (reach.direct[files] | same).astype(float),
    }
