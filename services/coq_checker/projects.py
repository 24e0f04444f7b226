"""The projects that a checker serves: names to files, files to environments and theorems."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from coq_checker.builds import Build
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.held_builds import Builds, HeldBuild
from coq_checker.toolchain import Choice, ToolchainError
from coq_checker.toolchains import Ready, ToolchainMissingError, Toolchains, UnknownToolchainError
from coqdata.catalogue import resolve
from coqdata.crawled import expand
from coqdata.fields import is_identifier, is_logical_name, shown
from coqdata.lookup import named
from coqdata.project import PROJECT_FILE, Project, ProjectError
from coqdata.source import read_source
from coqdata.theorem import Theorem, theorems

# Environments remembered by their text, so that a request finds the value with its hash made.
_ENVIRONMENTS = 256
# Files in which a project says itself which toolchain it needs.
_SAYING = ("palmetto.toml", "pyproject.toml")


def is_inside(file: str) -> bool:
    """Whether the path that a text stands for is one inside of a project, which then gives the text its place."""
    inside = PurePosixPath(file)
    return bool(file) and not inside.is_absolute() and ".." not in inside.parts


class NoSuchNameError(LookupError):
    """A project, file or theorem that does not exist; the text is one sentence."""


class UnreadableFileError(NoSuchNameError):
    """A file that its project lists and that cannot be read."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a project as it stands now.

    Attributes:
        project: whose file it is.
        path: inside the project, with `/`.
        source: its bytes.
        theorems: of the file.
        by_name: the theorems under their names and their qualified names.
    """

    project: Project
    path: str
    source: bytes
    theorems: tuple[Theorem, ...]
    by_name: dict[str, list[Theorem]]


class Projects:
    """Projects by name, each with the toolchain that it needs. A file is read again when it has changed."""

    def __init__(self, toolchains: Toolchains, jobs: int) -> None:
        self.toolchains = toolchains
        self._jobs = jobs
        self._choices: dict[Path, tuple[tuple[int, ...], Choice]] = {}
        self._builds: dict[str, tuple[Ready, Builds]] = {}
        self._projects: dict[str, Project] = {}
        self._files: dict[Path, tuple[tuple[int, int], SourceFile]] = {}
        self._listed: dict[Path, tuple[Project, dict[str, Path]]] = {}
        # Of files: what a theorem's next question needs no more than a look at the times of a few files for.
        self._made: OrderedDict[tuple[str, str, str], tuple[SourceFile, Ready, HeldBuild, Environment]] = OrderedDict()
        self._environments: OrderedDict[tuple[bytes, str, str, str], tuple[Ready, Build | None, Environment]] = (
            OrderedDict()
        )

    def add(self, names: Iterable[str]) -> None:
        """Adds projects given as NAME, DIR, NAME=DIR, or `DIR/*` for all folders in DIR; or what a crawl wrote.

        Raises:
            ProjectError: one of them cannot be found or read, or two have one name.
        """
        for text in expand(word for word in (one.strip() for one in names) if word):
            name, _, folder = text.partition("=")
            project = resolve(folder or name)
            self.put(name if folder else project.name, project)

    def put(self, name: str, project: Project) -> None:
        """Adds a project under a name.

        Raises:
            ProjectError: another project has that name.
        """
        held = self._projects.setdefault(name, project)
        if project.toolchain:
            self.toolchains.allow(project.toolchain)
        if held.root != project.root:
            raise ProjectError(
                f"two projects are called {name!r} ({held.root} and {project.root}): "
                "give one of them another name, as NAME=DIR."
            )

    def names(self) -> list[str]:
        """Names of all projects, sorted."""
        return sorted(self._projects)

    def project(self, name: str) -> Project:
        """A project by its name.

        Raises:
            NoSuchNameError: there is none.
        """
        found = self._projects.get(name)
        if found is None:
            known = ", ".join(self.names()) or "none"
            raise NoSuchNameError(
                f"there is no project {shown(name)} on this server; it serves: {known} (ListProjects)."
            )
        return found

    def files(self, project: Project) -> list[str]:
        """Paths of the project's files, in dependency order."""
        return list(self._paths(project))

    def _paths(self, project: Project) -> dict[str, Path]:
        held = self._listed.get(project.root)
        if held is None or held[0] is not project:
            paths = {path.relative_to(project.root).as_posix(): path for path in project.files}
            held = self._listed[project.root] = (project, paths)
        return held[1]

    def file(self, name: str, path: str) -> SourceFile:
        """A file of a project.

        Raises:
            NoSuchNameError: the project has no such file.
        """
        project = self.project(name)
        whole = self._paths(project).get(path)
        if whole is not None:
            return self._read(project, whole, path)
        raise NoSuchNameError(f"the project {name!r} has no file {shown(path)}.")

    def readable_files(self, name: str) -> Iterator[SourceFile]:
        """The files of a project, in dependency order; one that cannot be read costs no other.

        Raises:
            NoSuchNameError: there is no such project.
        """
        project = self.project(name)
        for path, whole in self._paths(project).items():
            with contextlib.suppress(UnreadableFileError):
                yield self._read(project, whole, path)

    def _read(self, project: Project, whole: Path, path: str) -> SourceFile:
        try:
            status = whole.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            held = self._files.get(whole)
            if held is not None and held[0] == stamp:
                return held[1]
            source = read_source(whole)
        except OSError as error:
            raise UnreadableFileError(f"the file {path} cannot be read: {error.strerror}.") from error
        found = _source_file(project, path, source, theorems(source))
        self._files[whole] = (stamp, found)
        return found

    def take(self, file: SourceFile, found: Iterable[Theorem]) -> None:
        """Lists a file's theorems as Coq has them, from now on and for as long as the file stays as it is."""
        whole = self._paths(file.project)[file.path]
        stamp, held = self._files[whole]
        if held.source == file.source:
            self._files[whole] = (stamp, _source_file(file.project, file.path, file.source, found))

    def theorem(self, name: str, path: str, theorem: str, index: int | None) -> tuple[SourceFile, Theorem]:
        """A theorem by name, or by its index in a file.

        Raises:
            NoSuchNameError: there is none, or more than one and nothing says which.
        """
        self.project(name)
        if index is not None and not theorem:
            if not path:
                raise NoSuchNameError("a theorem given by its index needs its file.")
            source = self.file(name, path)
            if index >= len(source.theorems):
                raise NoSuchNameError(f"{path} has {len(source.theorems)} theorems, none with index {index}.")
            return source, source.theorems[index]
        found: list[tuple[SourceFile, Theorem]] = []
        for source in [self.file(name, path)] if path else self.readable_files(name):
            found += [(source, t) for t in source.by_name.get(theorem, ())]
        if index is not None:
            found = [(source, t) for source, t in found if t.index == index]
        listed = named([t for _, t in found], theorem)
        found = [(source, t) for source, t in found if any(t is one for one in listed)]
        if not found:
            where = path or f"the project {name!r}"
            raise NoSuchNameError(f"there is no theorem {shown(theorem)} in {where}.")
        if len(found) > 1:
            places = ", ".join(f"{source.path} index {t.index}" for source, t in found[:5])
            raise NoSuchNameError(f"{theorem!r} stands {len(found)} times ({places}): say which file and index.")
        return found[0]

    async def choice(self, project: Project) -> Choice:
        """The toolchain that a project is checked with where a request asks for no other, and why.

        Raises:
            ToolchainError: its own files name none that there is.
        """
        said = tuple(_changed(project.root / name) for name in _SAYING)
        held = self._choices.get(project.root)
        if held is None or held[0] != said:
            choice = await asyncio.to_thread(self.toolchains.for_project, project)
            held = self._choices[project.root] = (said, choice)
        return held[1]

    async def _toolchain(self, project: Project | None, asked: str) -> Ready:
        """The toolchain that was asked for, else what the project needs, else the default."""
        if asked or project is None:
            return await self.toolchains.get(asked)
        try:
            choice = await self.choice(project)
        except ToolchainError as error:
            raise ToolchainMissingError(str(error)) from error
        try:
            return await self.toolchains.get(choice.name)
        except (UnknownToolchainError, ToolchainMissingError) as error:
            raise ToolchainMissingError(
                f"the project {project.name} needs the toolchain {choice.name}, since {choice.why}: {error}"
            ) from error

    def _builds_of(self, ready: Ready) -> Builds:
        key = ready.toolchain.key
        held = self._builds.get(key)
        if held is None or held[0] is not ready:
            held = self._builds[key] = (ready, Builds(ready.toolchain, self._jobs))
        return held[1]

    async def environment(self, source: SourceFile, toolchain: str = "") -> Environment:
        """The environment of a file: its text, with what it requires built.

        Args:
            source: the file.
            toolchain: the name of another than the project's.

        Raises:
            EnvironmentFailedError: what it requires does not build, Coq does not take its name, or the toolchain cannot
                be had.
            UnknownToolchainError: there is none of that name.
        """
        project = source.project
        ready = await self._toolchain(project, toolchain)
        place = (str(project.root), source.path, ready.toolchain.key)
        made = self._made.get(place)
        if made is not None and made[0] is source and made[1] is ready and made[2].stands():
            self._made.move_to_end(place)
            return made[3]
        with self._standing(ready):
            held = await self._builds_of(ready).held(project, project.root / source.path)
        build = held.build
        # Coq takes the module's name from where the file lies under the load path.
        compiled = build.folder / source.path
        label = f"{project.name}/{source.path}"
        environment = self._environment(ready, source.source, project, build, str(compiled), label)
        self._made[place] = (source, ready, held, environment)
        while len(self._made) > _ENVIRONMENTS:
            self._made.popitem(last=False)
        return environment

    async def text_environment(
        self, text: bytes, project_name: str, logical: str, file: str = "", toolchain: str = ""
    ) -> Environment:
        """The environment of a text, with a project's load path where one is named.

        Args:
            text: it.
            project_name: of the project; empty for Coq's own libraries only.
            logical: its logical name.
            file: the file that it stands for; a path inside the project gives it that file's place.
            toolchain: the name of another than the project's, or without one than the default.

        Raises:
            EnvironmentFailedError: the project, or what the text requires of it, does not build, Coq takes no such
                names, or the toolchain cannot be had.
            NoSuchNameError: there is no such project.
            UnknownToolchainError: there is no such toolchain.
        """
        project = self.project(project_name) if project_name else None
        ready = await self._toolchain(project, toolchain)
        if project is None:
            return self._environment(ready, text, None, None, logical, file or "the environment")
        builds = self._builds_of(ready)
        if not is_inside(file):
            with self._standing(ready):
                build = await builds.of(project, None)
            label = file or f"the environment in {project.name}"
            return self._environment(ready, text, project, build, logical, label)
        with self._standing(ready):
            build = await builds.of(project, project.root / file, text)
        return self._environment(ready, text, project, build, str(build.folder / file), file)

    @contextlib.contextmanager
    def _standing(self, ready: Ready) -> Iterator[None]:
        """Around a build: what fails because its toolchain went away is no fault of the project's."""
        begun = time.monotonic()
        try:
            yield
        except EnvironmentFailedError:
            self.toolchains.require_standing(ready.toolchain, begun)
            raise

    def _environment(
        self,
        ready: Ready,
        text: bytes,
        project: Project | None,
        build: Build | None,
        logical: str | None,
        label: str,
    ) -> Environment:
        key = (text, label, logical or "", ready.toolchain.key)
        held = self._environments.get(key)
        if held is not None and held[0] is ready and held[1] is build:
            self._environments.move_to_end(key)
            return held[2]
        environment = self._make_environment(ready, text, project, build, logical, label)
        self._environments[key] = (ready, build, environment)
        while len(self._environments) > _ENVIRONMENTS:
            self._environments.popitem(last=False)
        return environment

    @staticmethod
    def _make_environment(
        ready: Ready, text: bytes, project: Project | None, build: Build | None, logical: str | None, label: str
    ) -> Environment:
        name = logical or "Top"
        module_file = name if name.endswith(".v") else name.replace(".", "/") + ".v"
        # With a name that it does not take Coq ends at its start, which would look like a fault that passes.
        stem = Path(module_file).stem
        if not is_identifier(stem):
            raise EnvironmentFailedError(
                f"{label} cannot be a module, since Coq takes {shown(stem)} for no name: rename the file, "
                "letters, digits, _ and ' alone, beginning with no digit."
            )
        arguments: list[str] = []
        setup: tuple[str, ...] = ()
        base = ready.options
        read_only: tuple[Path, ...] = base.read_only
        if project is not None and build is not None:
            for flag, folder, bound in build.load_arguments:
                if flag != "-I" and bound and not is_logical_name(bound):
                    raise EnvironmentFailedError(
                        f"the project {project.name!r} binds a folder to {shown(bound)}, which is no logical name: "
                        f"mend its {PROJECT_FILE}."
                    )
                arguments += [flag, str(folder)] if flag == "-I" else [flag, str(folder), bound]
            flags, setup = project.options.engine_arguments()
            arguments += flags
            read_only = (*read_only, *build.read_only)
        options = replace(base, arguments=tuple(arguments), module_file=module_file, read_only=read_only)
        return Environment(text, options, tuple(setup), label, build.fingerprint if build is not None else "")


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _source_file(project: Project, path: str, source: bytes, found: Iterable[Theorem]) -> SourceFile:
    listed = tuple(found)
    by_name: dict[str, list[Theorem]] = {}
    for theorem in listed:
        for name in {theorem.name, theorem.qualified_name}:
            by_name.setdefault(name, []).append(theorem)
    return SourceFile(project, path, source, listed, by_name)
