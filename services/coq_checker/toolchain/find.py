"""Finding a toolchain by its name: what Palmetto has built, or this machine's own Coq."""

import hashlib
from dataclasses import replace
from pathlib import Path

from coq_checker.toolchain.compile_engine import is_compiled
from coq_checker.toolchain.engines import NATIVE, engines_of, why_no_engine
from coq_checker.toolchain.errors import ToolchainError, UnusableError
from coq_checker.toolchain.facts import Facts, facts_of
from coq_checker.toolchain.names import AUTO, PATH, is_folder, require_name
from coq_checker.toolchain.opam import SWITCH_PREFIX
from coq_checker.toolchain.places import Place, folder_place, own_place, path_place, root_place, switch_place
from coq_checker.toolchain.recipe import DEFAULT, RECIPES, Recipe, stands_in
from coq_checker.toolchain.sandbox import sandbox_problem
from coq_checker.toolchain.settings import SandboxMode, ToolchainSettings
from coq_checker.toolchain.telling import tell_once
from coq_checker.toolchain.value import Toolchain
from coqdata.releases import version_numbers


def find_toolchain(name: str | None = None, settings: ToolchainSettings | None = None) -> Toolchain:
    """Give a toolchain, without building anything.

    The sandbox is tried (some milliseconds); versions are asked the first time only.

    Args:
        name: which: `auto` (this machine's own Coq if there is one that works, else what Palmetto has built),
            `coq-8.20` or `rocq-9.2` (what Palmetto builds; without a sandbox, as in a container, this machine's own
            Coq where it is of that version), `path`, `opam:NAME`, or a folder. By default what the settings say.
        settings: read from the environment by default.

    Raises:
        UnusableError: it is there, but its version is unknown to every engine, or it lacks what they need.
        ToolchainError: there is none of this name, it does not run, or the sandbox does not work here.
    """
    settings = settings or ToolchainSettings.from_environment()
    choice = settings.choice if name is None else require_name(name)
    if choice == AUTO:
        return _automatic(settings)
    if choice in RECIPES:
        return _built(RECIPES[choice], settings)
    return toolchain_at(named_place(choice), settings)


def named_place(choice: str) -> Place:
    """Where the toolchain is that is named `path`, `opam:NAME` or by a folder.

    Raises:
        ToolchainError: there is none.
    """
    if choice == PATH:
        place = path_place()
        if place.programs() is None:
            raise ToolchainError(
                "There is no Coq on PATH (no coqc or rocq): install it or run `eval $(opam env)` first, or choose "
                "another toolchain that `palmetto toolchain list` shows."
            )
        return place
    if choice.startswith(SWITCH_PREFIX):
        return switch_place(choice.removeprefix(SWITCH_PREFIX))
    assert is_folder(choice)
    return folder_place(Path(choice))


def toolchain_at(place: Place, settings: ToolchainSettings, again: bool = False) -> Toolchain:
    """Give the toolchain at a place.

    Args:
        place: where it is.
        settings: what is wanted.
        again: look anew for what it lacked before.

    Raises:
        UnusableError: no engine can run with it.
        ToolchainError: it holds no Coq, its programs do not run, or the sandbox does not work here.
    """
    found = place.programs()
    if found is None:
        raise ToolchainError(
            f"The toolchain {place.told} has no coqc or rocq: delete it and run `palmetto toolchain ensure`."
        )
    folder, programs = found
    sandbox, no_sandbox = _sandbox(place, settings)
    unnamed = Toolchain(
        name=place.name,
        coq_version="",
        sertop_version="",
        coqlib="",
        root=place.root,
        sandbox=sandbox,
        search_path=place.search_path,
        environment=place.environment,
        programs=programs,
        shared=place.shared,
    )
    compiler = place.host_path(f"{folder}/{programs.compiler[0]}")
    others = (place.program(name) for name in ("sertop", "ocamlfind"))
    files = (compiler.resolve(), *(path.resolve() for path in others if path is not None))
    try:
        facts = facts_of(unnamed, files, settings.cache, again)
        identity = _identity(unnamed, files[0], facts)
    except OSError as error:
        raise ToolchainError(
            f"The toolchain {place.name} cannot be read ({error}): if it has been removed, choose another that "
            "`palmetto toolchain list` shows."
        ) from None
    described = replace(
        unnamed,
        coq_version=facts.coq_version,
        sertop_version=facts.sertop_version,
        coqlib=facts.coqlib,
        identity=identity,
    )
    engines = engines_of(facts, settings.prebuilt)
    if NATIVE not in engines:
        # What it was compiled with may be gone by now, and is no longer needed.
        engines = engines_of(facts, is_compiled(described))
    if not engines:
        raise UnusableError(why_no_engine(facts, place), version_numbers(facts.coq_version))
    if no_sandbox is not None:
        tell_once("NO_SANDBOX", f"Coq runs without a sandbox, with your rights: {no_sandbox}")
    return replace(described, engines=engines)


def _automatic(settings: ToolchainSettings) -> Toolchain:
    place = own_place()
    unusable: UnusableError | None = None
    if place is not None:
        try:
            return toolchain_at(place, settings)
        except UnusableError as error:
            # What is installed may be meant for something else.
            unusable = error
    if settings.sandbox is SandboxMode.NONE:
        raise ToolchainError(str(unusable or no_sandbox_needs_own()))
    recipe = stands_in(unusable.version if unusable else (), settings.roots)
    if recipe is not None:
        if unusable is not None:
            tell_once("UNUSABLE", instead_of(unusable, recipe))
        return _built(recipe, settings)
    raise ToolchainError(
        str(unusable)
        if unusable
        else f"There is no Coq toolchain (no coqc or rocq on PATH, no root of {DEFAULT.name} in {settings.roots}): "
        "run `palmetto toolchain ensure`."
    )


def instead_of(unusable: UnusableError, recipe: Recipe) -> str:
    """What is said where a recipe's toolchain is taken although this machine has a Coq of its own."""
    return f"going on with {recipe.name}: {unusable}"


def own_of(recipe: Recipe, settings: ToolchainSettings, again: bool = False) -> Toolchain:
    """Give what a recipe's name means where Coq runs without a sandbox: the container's own, if it is of that version.

    Args:
        recipe: whose name.
        settings: what is wanted.
        again: look anew for what it lacked before.

    Raises:
        ToolchainError: there is no Coq, or another one.
    """
    place = own_place()
    if place is None:
        raise ToolchainError(no_sandbox_needs_own())
    found = toolchain_at(replace(place, name=recipe.name), settings, again)
    if found.version[: len(recipe.version)] != recipe.version:
        raise ToolchainError(
            f"The toolchain {recipe.name} is not here: PALMETTO_SANDBOX=none runs this machine's own Coq alone, "
            f"which is {found.coq_version}; use an image, or a service, of {recipe.name}."
        )
    return found


def _built(recipe: Recipe, settings: ToolchainSettings) -> Toolchain:
    if settings.sandbox is SandboxMode.NONE:
        return own_of(recipe, settings)
    root = recipe.standing_root(settings.roots)
    if root is None:
        raise ToolchainError(
            f"The toolchain {recipe.name} has not been built (no root of it in {settings.roots}): run "
            f"`palmetto toolchain ensure {recipe.name}`."
        )
    return toolchain_at(root_place(root), settings)


def no_sandbox_needs_own() -> str:
    """What is said where a Debian root would have to be run without a sandbox."""
    return (
        "PALMETTO_SANDBOX=none runs Coq directly and so needs this machine's own (coqc or rocq on PATH, or an opam "
        "switch): install it, or unset it to use a Debian root through bwrap."
    )


def _sandbox(place: Place, settings: ToolchainSettings) -> tuple[SandboxMode, str | None]:
    """How programs are run there, and, where there is no sandbox although none was refused, why.

    Raises:
        ToolchainError: a sandbox is needed, or was asked for, and does not work.
    """
    if settings.sandbox is SandboxMode.NONE:
        if place.root is not None:
            raise ToolchainError(no_sandbox_needs_own())
        return SandboxMode.NONE, None
    problem = sandbox_problem(place.root)
    if problem is None:
        return SandboxMode.BWRAP, None
    if place.root is not None or settings.sandbox is SandboxMode.BWRAP:
        raise ToolchainError(problem)
    return SandboxMode.NONE, problem


def _identity(toolchain: Toolchain, compiler: Path, facts: Facts) -> str:
    """The root's name, if it tells what is in it, else a name made of what tells one installation from another."""
    if toolchain.root is not None and toolchain.name in RECIPES:
        return toolchain.root.name
    status = compiler.stat()
    # Whole seconds: copying an image's layers keeps no more.
    parts = (str(compiler), status.st_size, int(status.st_mtime), facts.coqlib, *toolchain.environment)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    return f"own-{facts.coq_version.replace('+', '-')}-{digest}"
