"""Whether a filled text still compiles as far as it did: edits after which something else fails are taken back."""

from collections.abc import Collection, Mapping, Sequence

from coq_checker.client import CheckerClient, CheckerError, EnvironmentFailedError, Options
from prover.codes import ErrorCode
from prover.faults import code_of
from prover.fill import Edit, Place, Unfinished, apply

# Stands at the end of the text that is checked: it is proved where all before it runs.
_END = "palmetto_the_end_is_reached"
_LAST = f"\nLemma {_END} : True. Proof. exact I. Qed.\n".encode()
_BREAKS = "the proof was accepted on its own, but what stands after it in the file does not compile with it"
_NOT_THERE = "the proof was accepted on its own, but not in the edited file"


class Confirmation:
    """Checks a text as it was and as it is edited.

    Args:
        checker: whom it asks.
        text: what was filled.
        project, logical_name, toolchain: how the file is compiled.

    Attributes:
        fault: why the edits could not be looked at, where that says nothing about them.
    """

    def __init__(
        self, checker: CheckerClient, text: Unfinished, project: str, logical_name: str, toolchain: str = ""
    ) -> None:
        self._checker = checker
        self._text = text
        self._project = project
        self._logical_name = logical_name
        self._toolchain = toolchain
        self._why: dict[int, str] = {}
        self.fault = ErrorCode.NONE

    async def taken_back(self, places: Sequence[Place], made: Mapping[int, list[Edit]]) -> dict[int, str]:
        """The edits, by their places' numbers, that cannot stay, each with the reason as a sentence.

        Args:
            places: what was to be filled.
            made: the edits of those that were.
        """
        if not made:
            return {}
        gone: dict[int, str] = {}
        try:
            before = await self._proved({})
            while True:
                kept = {number: one for number, one in made.items() if number not in gone}
                after = await self._proved(kept)
                filled = {places[number].index: number for number in kept}
                failing = min((before | set(filled)) - after, default=None)
                if failing is None:
                    return gone
                own = filled.get(failing)
                if own is not None and failing not in await self._proved({own: kept[own]}):
                    gone[own] = _NOT_THERE + self._said(failing)
                else:
                    said = self._said(failing)
                    culprits = await self._culprits(places, kept, failing)
                    gone |= dict.fromkeys(culprits, _BREAKS + said)
        except CheckerError as error:
            code = code_of(error)
            self.fault = code if code.may_pass else ErrorCode.NONE
            return dict.fromkeys(made, f"the edited file could not be checked: {error}")

    async def _culprits(self, places: Sequence[Place], kept: Mapping[int, list[Edit]], failing: int) -> Collection[int]:
        """The edits before a theorem that make it fail: one of them where that is enough, the nearest first."""
        earlier = [number for number in kept if places[number].index < failing]
        for number in reversed(earlier):
            if failing in await self._proved({other: one for other, one in kept.items() if other != number}):
                return [number]
        # Edits change nothing of what stands before them, so that one of these must have been there.
        return earlier or list(kept)

    async def _proved(self, made: Mapping[int, list[Edit]]) -> set[int]:
        """The indexes of the theorems that are proved in the text with these edits."""
        text = apply(self._text.whole, [edit for one in made.values() for edit in one]) + _LAST
        answers = self._checker.check_file(
            text=text.decode("utf-8", "replace"),
            project=self._project,
            logical_name=self._logical_name,
            toolchain=self._toolchain,
            options=Options(),
        )
        proved: set[int] = set()
        self._why = {}
        reached = False
        try:
            async for one in answers:
                if one.result.proved:
                    proved.add(one.theorem.index)
                    reached = one.theorem.name == _END
                else:
                    self._why[one.theorem.index] = one.result.message
        except EnvironmentFailedError:
            # A text that somebody works on may leave sections open, which coqc lets no file end with.
            if not reached:
                raise
        return proved

    def _said(self, index: int) -> str:
        """Coq's words about a theorem that was not proved in the text that was checked last, as a sentence's end."""
        said = " ".join(self._why.get(index, "").split())
        return f" ({said})." if said else "."
