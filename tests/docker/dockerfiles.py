"""Dockerfiles as values: as much of the format as ours use."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from coq_checker.toolchain.recipe import RECIPES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A line of a Dockerfile, continued ones joined: `RUN`, and what follows it."""

    word: str
    rest: str
    line: int

    def flags(self) -> dict[str, str]:
        """Its options: `--from=x` is `from: x`."""
        return dict(re.findall(r"(?:^|(?<=\s))--([a-z-]+)=(\S+)", self.rest))

    def words(self) -> list[str]:
        """What follows the options; of a list in JSON its members."""
        rest = re.sub(r"(?:^|(?<=\s))--[a-z-]+=\S+\s*", "", self.rest).strip()
        return json.loads(rest) if rest.startswith("[") else shlex.split(rest)


@dataclass(slots=True)
class Stage:
    """What stands between two FROMs."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def of(self, word: str) -> list[Instruction]:
        return [one for one in self.instructions if one.word == word]

    def pairs(self, word: str) -> dict[str, str]:
        """NAME=VALUE of its ENV, ARG or LABEL instructions."""
        found: dict[str, str] = {}
        for one in self.of(word):
            for pair in one.words():
                name, _, value = pair.partition("=")
                found[name] = value
        return found

    def text(self) -> list[str]:
        return [f"{one.word} {one.rest}" for one in self.instructions]


@dataclass(slots=True)
class Dockerfile:
    """A whole one. `arguments` are those before the first FROM, with their defaults."""

    arguments: dict[str, str]
    stages: list[Stage]

    @property
    def last(self) -> Stage:
        return self.stages[-1]


def parse(text: str) -> Dockerfile:
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for one in _instructions(text):
        if one.word == "FROM":
            words = one.words()
            stages.append(Stage(words[0], words[2] if len(words) > 2 else ""))
        elif stages:
            stages[-1].instructions.append(one)
        elif one.word == "ARG":
            name, _, value = one.rest.partition("=")
            arguments[name] = value
        else:
            raise AssertionError(f"line {one.line}: {one.word} before FROM")
    return Dockerfile(arguments, stages)


def _instructions(text: str) -> list[Instruction]:
    found: list[Instruction] = []
    pending, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begun = begun if pending else number
        if stripped.endswith("\\"):
            pending += stripped[:-1].rstrip() + " "
            continue
        word, _, rest = (pending + stripped).partition(" ")
        found.append(Instruction(word.upper(), rest.strip(), begun))
        pending = ""
    return found


def kind_of(image: str) -> str:
    """The Dockerfile's name for an image, which may end with its toolchain's."""
    ends = [f"-{toolchain}" for toolchain in RECIPES if image.endswith(f"-{toolchain}")]
    return image.removesuffix(ends[0]) if ends else image


def all_files() -> dict[str, Path]:
    """Every Dockerfile of ours, by its name: that of its image, but for the toolchain's."""
    return {path.name.removesuffix(".Dockerfile"): path for path in sorted(FOLDER.glob("*.Dockerfile"))}
