"""The rankings that ours is compared with: BM25 as PALM does it, TF-IDF, and CoqHammer's nearest neighbours.

Each ranks all premises that are accessible, and counts frequencies among just these. They are written for clarity
and exactness, not for speed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retriever.search import summed
from retriever.text import features, plain_tokens, read_statement
from retriever.view import View

from .queries import Asked, premise_text

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which tokens each thing has, how often: rows, columns and counts of a sparse matrix."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    counts: Scores
    lengths: Scores
    vocabulary: dict[str, int]

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> "Matrix":
        vocabulary: dict[str, int] = {}
        rows, columns, counts = [], [], []
        for row, tokens in enumerate(texts):
            for token, count in Counter(tokens).items():
                rows.append(row)
                columns.append(vocabulary.setdefault(token, len(vocabulary)))
                counts.append(count)
        lengths = np.array([len(one) for one in texts], float)
        return cls(np.array(rows, int), np.array(columns, int), np.array(counts, float), lengths, vocabulary)

    def frequencies(self, allowed: NDArray[np.bool_]) -> Scores:
        """In how many of the allowed things each token occurs."""
        return np.bincount(self.columns[allowed[self.rows]], minlength=len(self.vocabulary)).astype(float)


class Bm25:
    """PALM's second stage on all accessible premises: Okapi BM25 over tokens between blanks (k1 1.5, b 0.75)."""

    K1, B, EPSILON = 1.5, 0.75, 0.25

    def __init__(self, view: View, texts: Sequence[str]) -> None:
        self.matrix = Matrix.of([text.split() for text in texts])

    def scores(self, asked: Asked, allowed: NDArray[np.bool_]) -> Scores:
        """A score for each entry."""
        one = self.matrix
        count = max(1, int(allowed.sum()))
        df = one.frequencies(allowed)
        idf = np.log(count - df + 0.5) - np.log(df + 0.5)
        # A token in more than half of them would count against: it gets a part of the mean instead.
        idf[idf < 0] = self.EPSILON * idf[df > 0].mean() if (df > 0).any() else 0.0
        query = [one.vocabulary[token] for token in asked.text.split() if token in one.vocabulary]
        wanted = np.bincount(query, minlength=len(one.vocabulary)).astype(float)
        mean = one.lengths[allowed].mean() if allowed.any() else 1.0
        some = wanted[one.columns] > 0
        rows, columns, counts = one.rows[some], one.columns[some], one.counts[some]
        norm = self.K1 * (1 - self.B + self.B * one.lengths[rows] / mean)
        return summed(rows, wanted[columns] * idf[columns] * counts * (self.K1 + 1) / (counts + norm), len(one.lengths))


class TfIdf:
    """Cosine of TF-IDF vectors over names and symbols."""

    def __init__(self, view: View, texts: Sequence[str]) -> None:
        self.matrix = Matrix.of([plain_tokens(text) for text in texts])

    def scores(self, asked: Asked, allowed: NDArray[np.bool_]) -> Scores:
        """A score for each entry."""
        one = self.matrix
        idf = np.log((1 + allowed.sum()) / (1 + one.frequencies(allowed))) + 1
        query = [one.vocabulary[token] for token in plain_tokens(asked.text) if token in one.vocabulary]
        wanted = np.bincount(query, minlength=len(one.vocabulary)) * idf
        values = one.counts * idf[one.columns]
        norms = np.sqrt(np.bincount(one.rows, values**2, len(one.lengths)))
        return np.bincount(one.rows, values * wanted[one.columns], len(one.lengths)) / np.maximum(norms, 1e-9)


class Neighbours:
    """CoqHammer's k-NN: facts with known proofs and without are neighbours; each passes its score to what it used.

    Features are names and pairs (head, head of an argument), the weight of one is (ln N - ln df) to the sixth.
    Neighbours are taken in order until there are enough recommendations; each scores itself, and each of its
    dependencies gets 2.7 of its score divided by their number.
    """

    POWER, SHARE, ENOUGH = 6.0, 2.7, 1024

    def __init__(self, view: View, texts: Sequence[str]) -> None:
        self.view = view
        self.matrix = Matrix.of([_symbols(text) for text in texts])
        by_name = {view.entry_name(entry): entry for entry in range(view.entries.count)}
        self.proof_entry = np.array([by_name.get(view.proof_name(one), -1) for one in range(view.proofs.count)], int)
        self.proof_of = {entry: proof for proof, entry in enumerate(self.proof_entry.tolist()) if entry >= 0}

    def scores(self, asked: Asked, allowed: NDArray[np.bool_]) -> Scores:
        """A score for each entry."""
        one, view = self.matrix, self.view
        df = one.frequencies(allowed)
        weight = np.where(df > 0, np.log(max(1, allowed.sum())) - np.log(np.maximum(df, 1)), 0.0) ** self.POWER
        wanted = np.zeros(len(one.vocabulary))
        wanted[[one.vocabulary[token] for token in _symbols(asked.text) if token in one.vocabulary]] = 1.0
        alike = np.bincount(one.rows, wanted[one.columns] * weight[one.columns], len(one.lengths))
        alike[~allowed] = 0.0
        found = np.zeros(len(alike))
        order = np.argsort(-alike, kind="stable")
        recommended: set[int] = set()
        for neighbour in order.tolist():
            score = alike[neighbour]
            if score <= 0 or len(recommended) >= self.ENOUGH:
                break
            found[neighbour] += score
            recommended.add(neighbour)
            proof = self.proof_of.get(neighbour, -1)
            if proof < 0 or not asked.known_proofs[proof]:
                continue
            used = np.unique(view.dep_entry[view.dep_pointers[proof] : view.dep_pointers[proof + 1]])
            used = used[used >= 0]
            found[used] += self.SHARE * score / max(1, len(used))
            recommended.update(used.tolist())
        return found


def _symbols(text: str) -> list[str]:
    return [one for one in features(read_statement(text)) if one[0] in "np"]


RANKINGS: dict[str, Callable[[View, Sequence[str]], Bm25 | TfIdf | Neighbours]] = {
    "BM25": Bm25,
    "TF-IDF": TfIdf,
    "k-NN": Neighbours,
}


def texts_of(view: View) -> list[str]:
    """What the rankings read of each entry: its name and its type."""
    return [premise_text(view, entry) for entry in range(view.entries.count)]
