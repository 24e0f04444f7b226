"""Exact search by shared features, over the postings of several packs at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retriever.index.pack import Ids, Postings
from retriever.text import SPACES, feature_id

Floats = NDArray[np.float32]

# What is looked at for one query at the most: beyond it, only the commonest features are left, which say least.
_MOST_POSTINGS = 200_000


@dataclass(frozen=True, slots=True)
class Query:
    """Features of what is asked for.

    Attributes:
        ids: their numbers, sorted.
        spaces: the namespace of each.
    """

    ids: Ids
    spaces: NDArray[np.int64]

    @classmethod
    def of(cls, features: Iterable[str]) -> "Query":
        """From features as texts."""
        ids = np.array(sorted(map(feature_id, features)), np.uint64)
        return cls(ids, (ids >> np.uint64(62)).astype(np.int64))


def summed(things: NDArray[np.integer], weights: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """For each of `count` things the sum of its weights."""
    return np.bincount(things, weights, count).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """What a query and the things of a table share; each attribute has a part for each namespace.

    Attributes:
        count: how many things the table has.
        things: feature after feature, the numbers of the things that have it.
        sizes: how many of `things` belong to each feature.
        weights: of each feature.
    """

    count: int
    things: tuple[NDArray[np.int32], ...]
    sizes: tuple[NDArray[np.int64], ...]
    weights: tuple[Floats, ...]

    def sums(self, space: int, power: float = 2.0) -> NDArray[np.float64]:
        """For each thing the sum of weight ** power of the features of a namespace that it shares with the query.

        Args:
            space: which namespace.
            power: 2 for scalar products, 6 for CoqHammer's neighbours.
        """
        weights = self.weights[space].astype(np.float64) ** power
        return summed(self.things[space], np.repeat(weights, self.sizes[space]), self.count)

    def total(self, spaces: Sequence[int] = tuple(range(len(SPACES))), power: float = 2.0) -> NDArray[np.float64]:
        """The same over several namespaces."""
        things = np.concatenate([self.things[space] for space in spaces])
        weights = np.concatenate([self.weights[space] for space in spaces]).astype(np.float64) ** power
        return summed(things, np.repeat(weights, np.concatenate([self.sizes[space] for space in spaces])), self.count)


class Table:
    """Things with features, of several packs, numbered one after the other.

    Weights of features are ln((1 + N) / (1 + df)) over all packs (Tactician's).

    Attributes:
        count: how many things.
        offsets: where each pack's things begin.
        weights: of each pack's features.
        norms: squared lengths of all things, by namespace.
        scale: 1 / length of each thing over all namespaces.
    """

    def __init__(self, postings: Sequence[Postings], vocabularies: Sequence[Ids]) -> None:
        self._postings, self._vocabularies = tuple(postings), tuple(vocabularies)
        self.offsets = np.cumsum([0, *(one.count for one in postings)])
        self.count = int(self.offsets[-1])
        together, inverse = np.unique(np.concatenate(vocabularies), return_inverse=True)
        numbers = np.split(inverse, np.cumsum([len(one) for one in vocabularies])[:-1])
        frequency = np.zeros(len(together), np.int64)
        for one, number in zip(postings, numbers, strict=True):
            frequency[number] += np.diff(one.by_feature)
        weight = np.log((1 + self.count) / (1 + frequency)).astype(np.float32)
        self.weights: list[Floats] = [weight[number] for number in numbers]
        self._spaces = [(one >> np.uint64(62)).astype(np.int64) for one in vocabularies]
        self.norms = self._norms()
        with np.errstate(divide="ignore"):
            whole = self.norms.sum(axis=1, dtype=np.float64)
            self.scale = np.where(whole > 0, 1 / np.sqrt(np.maximum(whole, 1e-9)), 0.0)

    def _norms(self) -> Floats:
        """The squared lengths of all things, by namespace."""
        found = np.zeros((self.count, len(SPACES)), np.float32)
        for at, one in enumerate(self._postings):
            if one.count and len(one.features):
                squares = self.weights[at][one.features] ** 2
                rows = np.repeat(np.arange(one.count), np.diff(one.pointers))
                flat = np.bincount(
                    rows * len(SPACES) + self._spaces[at][one.features], squares, one.count * len(SPACES)
                )
                found[self.offsets[at] : self.offsets[at + 1]] = flat.reshape(one.count, len(SPACES))
        return found

    def gather(self, query: Query) -> Shared:
        """All things that share a feature with the query, once for each feature."""
        things: list[list[NDArray[np.int32]]] = [[np.zeros(0, np.int32)] for _ in SPACES]
        sizes: list[list[NDArray[np.int64]]] = [[np.zeros(0, np.int64)] for _ in SPACES]
        weights: list[list[Floats]] = [[np.zeros(0, np.float32)] for _ in SPACES]
        for at, (one, vocabulary) in enumerate(zip(self._postings, self._vocabularies, strict=True)):
            if not len(vocabulary) or not one.count or not len(query.ids):
                continue
            place = np.minimum(np.searchsorted(vocabulary, query.ids), len(vocabulary) - 1)
            there = vocabulary[place] == query.ids
            numbers, of = place[there], query.spaces[there]
            lengths = one.by_feature[numbers + 1] - one.by_feature[numbers]
            order = np.argsort(lengths, kind="stable")
            # Each pack has its share of what is looked at, so that the time does not grow with their number.
            allowed = np.sort(order[np.cumsum(lengths[order]) <= _MOST_POSTINGS * one.count // self.count])
            numbers, of, lengths = numbers[allowed], of[allowed], lengths[allowed]
            offset = np.int32(self.offsets[at])
            firsts, lasts = one.by_feature[numbers].tolist(), one.by_feature[numbers + 1].tolist()
            for first, last, space in zip(firsts, lasts, of.tolist(), strict=True):
                part = one.things[first:last]
                things[space].append(part + offset if offset else part)
            for space in range(len(SPACES)):
                some = of == space
                sizes[space].append(lengths[some])
                weights[space].append(self.weights[at][numbers[some]])
        return Shared(
            self.count,
            tuple(map(np.concatenate, things)),
            tuple(map(np.concatenate, sizes)),
            tuple(map(np.concatenate, weights)),
        )

    def weight_of(self, ids: Ids) -> NDArray[np.float64]:
        """The weights of features; 0 for those that nothing has."""
        weights = np.zeros(len(ids))
        for at, vocabulary in enumerate(self._vocabularies):
            if len(vocabulary):
                place = np.minimum(np.searchsorted(vocabulary, ids), len(vocabulary) - 1)
                there = vocabulary[place] == ids
                weights[there] = self.weights[at][place[there]]
        return weights

    def query_norms(self, query: Query) -> NDArray[np.float64]:
        """Squared length of the query by namespace, as far as its features are known."""
        return summed(query.spaces, self.weight_of(query.ids) ** 2, len(SPACES))
