"""Projects: `_CoqProject` files, load paths, and which file requires which."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from coqdata.sentence import split
from coqdata.source import read_source
from coqdata.words import IDENTIFIER, strip_prefixes, words

PROJECT_FILE = "_CoqProject"
# Flags of coqc that an engine is started with.
_FLAGS = frozenset(
    ("-impredicative-set", "-indices-matter", "-noinit", "-nois", "-disallow-sprop", "-allow-rewrite-rules")
)
# Flags that change nothing of what is checked.
_IGNORED = frozenset(("-q", "-native-compiler", "-async-proofs", "-bytecode-compiler", "-noglob", "-quiet"))
_WITH_VALUE = frozenset(("-w", "-native-compiler", "-async-proofs", "-bytecode-compiler", "-set", "-unset"))


class ProjectError(Exception):
    """A project that cannot be read; the text is one sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class LoadPath:
    """A folder bound to a logical name; `recursive` for `-R`, which lets names be shortened."""

    folder: Path
    logical: str
    recursive: bool


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How the files of a project are compiled.

    Attributes:
        paths: `-R` and `-Q`, in order.
        ml: `-I`.
        arguments: further arguments of coqc, in order.
    """

    paths: tuple[LoadPath, ...] = ()
    ml: tuple[Path, ...] = ()
    arguments: tuple[str, ...] = ()

    def coqc_arguments(self) -> list[str]:
        """All of it, as coqc takes it."""
        found: list[str] = []
        for path in self.paths:
            found += ["-R" if path.recursive else "-Q", str(path.folder), path.logical]
        for folder in self.ml:
            found += ["-I", str(folder)]
        return [*found, *self.arguments]

    def engine_arguments(self) -> tuple[list[str], tuple[str, ...]]:
        """Of `arguments`: flags that an engine is started with, and commands for what can be said in the text.

        Raises:
            ProjectError: an argument that neither can stand for.
        """
        flags: list[str] = []
        commands: list[str] = []
        given = iter(self.arguments)
        for argument in given:
            value = next(given, "") if argument in _WITH_VALUE else ""
            if argument in _FLAGS:
                flags.append(argument)
            elif argument == "-w":
                commands.append(f'Set Warnings "{value}".')
            elif argument in ("-set", "-unset"):
                name, _, setting = value.partition("=")
                shown = f' "{setting}"' if setting and not setting.isdigit() else f" {setting}" if setting else ""
                if setting in ("true", "false"):
                    shown = ""
                verb = "Unset" if argument == "-unset" or setting == "false" else "Set"
                commands.append(f"{verb} {name}{shown}.")
            elif argument not in _IGNORED:
                raise ProjectError(
                    f"the argument {argument} of {PROJECT_FILE} has no counterpart in a session: "
                    "remove it, or say so in an issue."
                )
        return flags, tuple(commands)

    def logical_name(self, root: Path, file: Path) -> str | None:
        """The logical name of a file; None when no load path holds it."""
        best: tuple[int, str] | None = None
        for path in self.paths:
            folder = (root / path.folder).resolve()
            if file.resolve().is_relative_to(folder):
                parts = file.resolve().relative_to(folder).with_suffix("").parts
                name = ".".join([*([path.logical] if path.logical else []), *parts])
                depth = len(folder.parts)
                if best is None or depth > best[0]:
                    best = (depth, name)
        return best[1] if best else None


@dataclass(frozen=True, slots=True)
class Project:
    """Coq files that are compiled together.

    Attributes:
        name: what people call it.
        root: its folder, absolute.
        files: its .v files, absolute, in dependency order.
        options: load path with absolute folders, and arguments.
        toolchain: the name of the one that a person chose for it; empty where its files are to tell.
    """

    name: str
    root: Path
    files: tuple[Path, ...]
    options: LoadOptions = field(default_factory=LoadOptions)
    toolchain: str = ""


def _without_variables(words_given: list[str]) -> list[str]:
    """What is left of a `_CoqProject` without its `VARIABLE = value` for the makefile."""
    found: list[str] = []
    at = 0
    while at < len(words_given):
        if words_given[at + 1 : at + 2] == ["="]:
            at += 3
        else:
            found.append(words_given[at])
            at += 1
    return found


def parse_project_file(text: str, root: Path) -> tuple[LoadOptions, list[Path]]:
    """Options and listed files of a `_CoqProject`; paths are made absolute against `root`.

    Raises:
        ProjectError: it is malformed.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    try:
        given = shlex.split("\n".join(lines), comments=True)
    except ValueError as error:
        raise ProjectError(f"{root / PROJECT_FILE} is malformed ({error}): mend its quotes.") from error
    paths: list[LoadPath] = []
    ml: list[Path] = []
    arguments: list[str] = []
    files: list[Path] = []
    words_left = iter(_without_variables(given))
    try:
        for word in words_left:
            if word in ("-R", "-Q"):
                folder, logical = next(words_left), next(words_left)
                paths.append(LoadPath((root / folder).resolve(), "" if logical == '""' else logical, word == "-R"))
            elif word == "-I":
                ml.append((root / next(words_left)).resolve())
            elif word == "-arg":
                arguments += shlex.split(next(words_left))
            elif word in ("-docroot", "-generate-meta-for-package", "-extra", "-extra-phony", "-f", "-o"):
                next(words_left)
            elif word.startswith("-"):
                arguments.append(word)
                if word in _WITH_VALUE:
                    arguments.append(next(words_left))
            elif word.endswith(".v"):
                files.append((root / word).resolve())
            elif "=" not in word and (root / word).is_dir():
                files += sorted(path.resolve() for path in (root / word).rglob("*.v") if is_text(path.resolve()))
    except StopIteration:
        raise ProjectError(f"{root / PROJECT_FILE} ends where a value is needed: complete its last line.") from None
    return LoadOptions(tuple(paths), tuple(ml), tuple(arguments)), files


def is_text(path: Path) -> bool:
    """Whether a path is UTF-8: coqc compiles no file with another name, and no message holds one."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def load_project(root: Path, name: str | None = None) -> Project:
    """The project in a folder, by its `_CoqProject`; a folder without one is taken as `-Q . ""`.

    Where it lists no files, those below it are taken whose names are UTF-8.

    Raises:
        ProjectError: there is no such folder, its name is not UTF-8, or its project file is malformed.
    """
    root = root.resolve()
    if not root.is_dir():
        raise ProjectError(f"{root} is not a folder: give the folder of a Coq project.")
    if not is_text(root):
        raise ProjectError(f"the name of the folder {root} is not UTF-8, which services need: rename it.")
    listing = root / PROJECT_FILE
    options = LoadOptions((LoadPath(root, "", False),))
    files: list[Path] = []
    if listing.is_file():
        try:
            text = listing.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProjectError(f"{listing} cannot be read ({error}): it must be UTF-8 text.") from error
        options, files = parse_project_file(text, root)
        if not options.paths:
            options = LoadOptions((LoadPath(root, "", False),), options.ml, options.arguments)
    if not files:
        files = in_dependency_order(
            (
                path.resolve()
                for path in root.rglob("*.v")
                if not path.name.startswith(".") and path.is_file() and is_text(path.resolve())
            ),
            options,
        )
    return Project(name or root.name, root, tuple(files), options)


_IDENT = re.compile(rb"%(one)s(?:\.%(one)s)*" % {b"one": IDENTIFIER})


def requires(source: bytes) -> list[tuple[str, str]]:
    """What a file requires, as (prefix, name): `From P Require N` gives (P, N), `Require N` ("", N)."""
    found: list[tuple[str, str]] = []
    for sentence in split(source).sentences:
        text = source[sentence.start : sentence.end]
        if b"Require" not in text or not text[:1].isupper():
            continue
        at, _ = strip_prefixes(text)
        head = words(text, at, 1)
        if not head or head[0] not in (b"Require", b"From"):
            continue
        names = [one.decode("utf-8", "replace") for one in _IDENT.findall(text.partition(b"Require")[2])]
        prefix = ""
        if head[0] == b"From":
            before = _IDENT.findall(text[at:].partition(b"Require")[0])
            prefix = before[1].decode("utf-8", "replace") if len(before) > 1 else ""
        found += [(prefix, name) for name in names if name not in ("Import", "Export")]
    return found


def _recursive(file: Path, options: LoadOptions) -> bool:
    """Whether the innermost load path around a file is a `-R`."""
    around = [path for path in options.paths if file.is_relative_to(path.folder)]
    return max(around, key=lambda path: len(path.folder.parts)).recursive if around else True


def dependencies(files: Iterable[Path], options: LoadOptions) -> dict[Path, list[Path]]:
    """For each file those of the others that it requires."""
    given = list(files)
    logical = {path: options.logical_name(path.parent, path) or path.stem for path in given}
    recursive = {path: _recursive(path, options) for path in given}
    by_last: dict[str, list[Path]] = {}
    for path, name in logical.items():
        by_last.setdefault(name.rpartition(".")[2], []).append(path)
    found: dict[Path, list[Path]] = {}
    for path in given:
        try:
            source = read_source(path)
        except OSError:
            found[path] = []
            continue
        needs: list[Path] = []
        for prefix, name in requires(source):
            for other in by_last.get(name.rpartition(".")[2], []):
                full = "." + logical[other]
                # What `-Q` binds is required by its whole name, or after `From`.
                short = prefix or recursive.get(other, True)
                fits = full.endswith("." + name) if short else full == "." + name
                fits = fits and (not prefix or (full + ".").startswith(f".{prefix}."))
                if other != path and fits and other not in needs:
                    needs.append(other)
        found[path] = needs
    return found


def in_dependency_order(files: Iterable[Path], options: LoadOptions) -> list[Path]:
    """The files, each after those that it requires; sorted by name where nothing decides.

    Raises:
        ProjectError: files require each other in a circle.
    """
    graph = dependencies(sorted(files), options)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " -> ".join(path.name for path in error.args[1])
        raise ProjectError(f"files require each other in a circle ({circle}): break it.") from error
