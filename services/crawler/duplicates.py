"""Copies of the same project: mirrors and forks that GitHub does not know as such, by their files."""

from collections.abc import Iterable
from dataclasses import dataclass

from crawler.store import Store


@dataclass(frozen=True, slots=True)
class Copy:
    """A repository that has what another one has.

    Attributes:
        of: number of the other one.
        same_tree: all files are the same; otherwise `share` of its Coq files are.
        share: from 0 to 1.
    """

    of: int
    same_tree: bool
    share: float


def copies(
    store: Store, order: Iterable[tuple[int, str]], least_share: float, decided: frozenset[int] = frozenset()
) -> dict[int, Copy]:
    """Which repositories are copies of one that comes before them.

    Args:
        store: has the hashes of their Coq files.
        order: numbers and tree hashes; of two that are the same the first one stays.
        least_share: share of a repository's Coq files that the other one must have too.
        decided: those that stay, whatever they have.
    """
    found: dict[int, Copy] = {}
    kept: set[int] = set()
    trees: dict[str, int] = {}
    for number, tree in order:
        if number in decided:
            trees.setdefault(tree, number)
            kept.add(number)
            continue
        if tree in trees:
            found[number] = Copy(trees[tree], True, 1.0)
            continue
        count = store.file_count(number)
        shared = {other: common for other, common in store.shared_files(number).items() if other in kept}
        if shared:
            # The lowest number among equals, so that every run decides alike.
            other = min(shared, key=lambda one: (-shared[one], one))
            if shared[other] / count >= least_share:
                found[number] = Copy(other, False, shared[other] / count)
                continue
        trees[tree] = number
        kept.add(number)
    return found
