"""Which engines can check proofs with an installation of Coq, and what to do where none can."""

from coq_checker.toolchain.facts import Facts
from coq_checker.toolchain.places import Place
from coq_checker.toolchain.recipe import recipe_of_root
from coq_checker.toolchain.versions import NATIVE_VERSIONS, findlib_package, versions_that_work
from coqdata.releases import prover_name, version_numbers

NATIVE = "native"
SERAPI = "serapi"
_DEBIAN_PACKAGE = "libcoq-core-ocaml-dev"


def engines_of(facts: Facts, prebuilt: bool) -> tuple[str, ...]:
    """The engines that can run, in the order in which they are to be taken.

    Args:
        facts: of the installation.
        prebuilt: engines were compiled beforehand: no compiler is needed.
    """
    known = version_numbers(facts.coq_version)[:2] in NATIVE_VERSIONS
    native = known and (prebuilt or _missing(facts) is None)
    return (*((NATIVE,) if native else ()), *((SERAPI,) if facts.sertop_version else ()))


def why_no_engine(facts: Facts, place: Place) -> str:
    """One sentence that says why no engine can run, and what to do.

    Args:
        facts: of the installation.
        place: where it is.
    """
    version = version_numbers(facts.coq_version)
    what = f"{prover_name(version)} {facts.coq_version} ({place.told})"
    if version[:2] not in NATIVE_VERSIONS:
        return (
            f"Palmetto does not work with {what}, but with versions {versions_that_work()}: install one of these, or "
            "run `palmetto toolchain ensure NAME` for one that `palmetto toolchain list` shows."
        )
    return f"{what} cannot be used yet, since {_missing(facts, place)}."


def _missing(facts: Facts, place: Place | None = None) -> str | None:
    """What it lacks for compiling an engine against it, and how to have that; None where nothing is missing."""
    package = findlib_package(version_numbers(facts.coq_version))
    if not facts.compiler:
        return (
            "it has no OCaml compiler beside it (ocamlfind ocamlopt): "
            f"{_install('run `opam install ocamlfind` in its switch', place)}"
        )
    if facts.coq_ocaml and facts.coq_ocaml != facts.compiler:
        return (
            f"it was compiled with OCaml {facts.coq_ocaml} and the ocamlfind beside it is of OCaml {facts.compiler}: "
            f"put the ocamlfind of OCaml {facts.coq_ocaml} first on PATH"
        )
    if package not in dict(facts.development):
        return (
            f"its development files are missing (ocamlfind query {package}.vernac): "
            f"{_install(f'run `opam install {package}` in its switch', place)}"
        )
    return None


def _install(by_opam: str, place: Place | None) -> str:
    """How to have what compiling needs: in a Debian root there is no opam."""
    if place is None or place.root is None:
        return f"{by_opam}, or on Debian `apt-get install {_DEBIAN_PACKAGE}`"
    if recipe_of_root(place.root) is not None:
        return f"delete {place.root} and run `palmetto toolchain ensure {place.name}`"
    return f"install Debian's {_DEBIAN_PACKAGE} in {place.root}"
