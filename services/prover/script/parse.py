"""The structure of a proof's text: what stands under which bullet or brace.

Bullets are read as Coq reads them: one that is open already goes back to its level, another one opens a level below.
Nothing is said of whether the structure fits the goals; the runner finds that out, and assembles its own.
"""

import re
from dataclasses import dataclass, field

from coqdata.sentence import SentenceKind, split
from coqdata.words import after_selector, skip_blanks


@dataclass(frozen=True, slots=True)
class Step:
    """A tactic sentence.

    Attributes:
        text: without its selector, with its full stop.
        selector: `all`, `2`, `1-3,5` ...; empty for the first goal.
    """

    text: str
    selector: str = ""


@dataclass(slots=True)
class Block:
    """What is done to one goal: steps, with groups of blocks where goals are taken one by one.

    Attributes:
        items: in order.
        start: the goal's number before a brace (`2: {`), 1 where none is given.
    """

    items: list["Step | Group"] = field(default_factory=list)
    start: int = 1


@dataclass(slots=True)
class Group:
    """Blocks side by side, one a goal; `braces` where they stand in braces, which need not cover all goals."""

    blocks: list[Block] = field(default_factory=list)
    braces: bool = False


# Sentences that prove nothing, or that belong around a proof.
_DROPPED = re.compile(
    r"(?:Proof|Qed|Defined|Save|Admitted|Abort|Restart|Undo|Show|Check|Print|Search\w*|About|Locate|Unfocus|Focus|"
    r"Set|Unset|Require|From|Import|Open|Close|Compute|Eval|Guarded|Optimize)\b"
)
_ENDING = re.compile(r"(?:Qed|Defined|Save|Admitted|Abort)\b")
_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class _Level:
    mark: str
    block: Block
    group: Group | None


def parse(text: str, max_sentences: int = 400) -> Block:
    """The structure of a proof, its ending left out.

    What follows the first `Qed.` or `Admitted.` is not read, nor what follows the last complete sentence.
    """
    source = text.encode()
    root = Block()
    stack: list[_Level] = [_Level("", root, None)]
    for sentence in split(source).sentences[:max_sentences]:
        said = source[sentence.start : sentence.end].decode()
        if sentence.kind is SentenceKind.BULLET:
            _bullet(stack, said)
        elif sentence.kind is SentenceKind.BRACE:
            if said.endswith("{"):
                number = _NUMBER.search(said)
                block = Block(start=goal_number(number[0]) if number else 1)
                items = stack[-1].block.items
                items.append(Group([block], braces=True))
                stack.append(_Level("{", block, None))
            else:
                _close_brace(stack)
        elif _ENDING.match(said):
            break
        elif not _DROPPED.match(said):
            stack[-1].block.items.append(_step(said))
    return root


def goal_number(digits: str) -> int:
    """The number of a goal; of more than nine digits the first nine, since no proof has so many goals."""
    return int(digits.strip()[:9])


def _step(said: str) -> Step:
    source = said.encode()
    after = after_selector(source, 0)
    if after is None:
        return Step(said)
    selector = source[:after].decode().rstrip().removesuffix(":").strip()
    return Step(source[skip_blanks(source, after) :].decode(), selector)


def _bullet(stack: list[_Level], mark: str) -> None:
    at = len(stack) - 1
    while at > 0 and stack[at].mark not in (mark, "{"):
        at -= 1
    if at > 0 and stack[at].mark == mark:
        del stack[at + 1 :]
        level = stack[at]
        assert level.group is not None  # a level opened by a bullet has its group
        level.block = Block()
        level.group.blocks.append(level.block)
        return
    block = Block()
    group = Group([block])
    stack[-1].block.items.append(group)
    stack.append(_Level(mark, block, group))


def _close_brace(stack: list[_Level]) -> None:
    for at in range(len(stack) - 1, 0, -1):
        if stack[at].mark == "{":
            del stack[at:]
            return
