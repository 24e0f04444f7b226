"""Which proofs a sentence opens and ends, by what Coq says is being proved before it and behind it."""

from collections.abc import Sequence


def change(
    before: tuple[str, ...] | None, said: tuple[str, ...], around: Sequence[str], guessed: tuple[int, bool]
) -> tuple[int, bool]:
    """How many proofs a sentence ends, and whether it opens one.

    Behind a nested proof that is done, Coq tells of the next one without those around it.

    Args:
        before: what Coq told before the sentence, innermost first; None where it has not.
        said: what it tells behind the sentence.
        around: Coq's names of all the proofs that are open before it, innermost first.
        guessed: what the sentence looks like doing.
    """
    if not around:
        before = ()
    if before is None:
        return max(0, len(around) - len(said)), len(said) > len(around)
    if not said:
        return len(around), False
    if said == before:
        # Of two goals without names, one inside the other, Coq may tell the same.
        return guessed if said[0] in around[1:] or guessed[1] else (0, False)
    if said[1:] == before:
        return 0, True
    for ends in range(1, len(around)):
        if said in (before[ends:], tuple(around[ends : ends + len(said)])):
            return ends, False
    return 0, True
