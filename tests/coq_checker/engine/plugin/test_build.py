"""Building the plugin, and finding it again."""

import os
import re
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from coq_checker.engine.plugin.build import PluginError, build_plugin, plugin_path
from coq_checker.engine.plugin.sweep import sweep
from coq_checker.engine.start import engine_options, start_engine
from coq_checker.toolchain import SandboxMode, Toolchain


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache in which nothing has been built."""
    monkeypatch.setenv("PALMETTO_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("empty_cache")
def test_it_is_found_once_it_is_built(each_toolchain: Toolchain) -> None:
    assert plugin_path(each_toolchain) is None
    build_plugin(each_toolchain)
    folder = plugin_path(each_toolchain)
    assert folder is not None
    assert sorted(file.name for file in (folder / "palmetto-engine").iterdir()) == [
        "META",
        "SHA256",
        "palmetto_engine_plugin.cmxs",
    ]
    made = (folder / "palmetto-engine" / "META").stat().st_mtime_ns
    build_plugin(each_toolchain)
    assert (folder / "palmetto-engine" / "META").stat().st_mtime_ns == made


@pytest.mark.usefixtures("empty_cache")
def test_another_coq_needs_another(each_toolchain: Toolchain) -> None:
    build_plugin(each_toolchain)
    assert plugin_path(replace(each_toolchain, coq_version="8.19.2")) is None
    assert plugin_path(replace(each_toolchain, identity="another")) is None


def test_other_sources_need_another(
    each_toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plugin(each_toolchain)
    monkeypatch.setattr("coq_checker.engine.plugin.build._META", "another")
    assert plugin_path(each_toolchain) is None


def test_without_a_compiler_it_says_what_to_do(each_toolchain: Toolchain, empty_cache: Path) -> None:
    poor = replace(each_toolchain, search_path="/nonexistent")
    with pytest.raises(PluginError) as raised:
        build_plugin(poor)
    said = str(raised.value)
    assert "\n" not in said and "install ocamlfind and Coq's development files" in said
    assert plugin_path(poor) is None
    assert list((empty_cache / "plugins").iterdir()) == []


def test_one_that_was_built_beforehand_is_found_before_the_cache(
    each_toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As images have it: the cache is another place, which may be empty."""
    build_plugin(each_toolchain)
    ready = tmp_path / "ready"
    (empty_cache / "plugins").rename(ready)
    assert plugin_path(each_toolchain) is None
    monkeypatch.setenv("PALMETTO_PLUGINS", str(ready))
    found = plugin_path(each_toolchain)
    assert found is not None and found.parent == ready
    build_plugin(each_toolchain)
    assert not (empty_cache / "plugins").exists()
    assert plugin_path(replace(each_toolchain, coq_version="8.19.2")) is None


@pytest.mark.usefixtures("empty_cache")
def test_the_plugin_is_for_one_release(each_toolchain: Toolchain) -> None:
    build_plugin(each_toolchain)
    folder = plugin_path(each_toolchain)
    assert folder is not None
    library = "coq-core" if each_toolchain.coq_version.startswith("8.") else "rocq-runtime"
    assert f'requires = "{library}.vernac"' in (folder / "palmetto-engine" / "META").read_text()


@pytest.mark.parametrize("version", ["8.16.1", "8.19.2", "9.20.0", "10.0", ""])
def test_a_release_that_it_does_not_know(
    version: str, each_toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.run", None)  # nothing is started
    unknown = replace(each_toolchain, coq_version=version)
    assert plugin_path(unknown) is None
    with pytest.raises(PluginError, match=f"8.20, 9.0, 9.1 and 9.2, and this is {re.escape(version)}: "):
        build_plugin(unknown)
    assert not (empty_cache / "plugins").exists()


OCAMLFIND = """#!/bin/sh
case "$1 $2" in
  "ocamlopt -version") echo COMPILER ;;
  "query "*) QUERY ;;
  *) while [ $# -gt 0 ]; do [ "$1" = -o ] && : > "$2"; shift; done ;;
esac
exit 0
"""
ROCQ = """#!/bin/sh
[ "$1" = --version ] && echo "The Rocq Prover, version 9.2.0" && echo "MADE_WITH"
[ "$1" = --version ] || [ "$1 $2" = "pp-mlg g_palmetto_engine.mlg" ]
"""


@pytest.fixture
def switch(tmp_path: Path) -> Toolchain:
    """An opam switch of Rocq 9 without the programs called `coq...`, as far as building looks at one."""
    for name, text in (("ocamlfind", OCAMLFIND), ("rocq", ROCQ)):
        program = tmp_path / "switch" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(
            text.replace("COMPILER", "5.4.1")
            .replace("QUERY", "exit 0")
            .replace("MADE_WITH", "compiled with OCaml 5.4.1")
        )
        program.chmod(0o755)
    machine_code = tmp_path / "switch" / "lib" / "rocq-runtime" / "vernac" / "vernac.cmxs"
    machine_code.parent.mkdir(parents=True)
    machine_code.write_bytes(b"one")
    search_path = f"{tmp_path}/switch/bin:/usr/bin:/bin"
    return Toolchain("opam", "9.2.0", "", f"{tmp_path}/switch/lib/coq", None, SandboxMode.NONE, search_path)


@pytest.mark.usefixtures("empty_cache")
def test_a_switch_that_has_rocq_alone(switch: Toolchain) -> None:
    build_plugin(switch)
    assert plugin_path(switch) is not None


@pytest.mark.usefixtures("empty_cache")
def test_coq_that_was_compiled_anew_needs_another(switch: Toolchain) -> None:
    """As the same version in the same place, by another compiler for instance."""
    build_plugin(switch)
    first = plugin_path(switch)
    machine_code = Path(switch.coqlib).parent / "rocq-runtime" / "vernac" / "vernac.cmxs"
    machine_code.write_bytes(b"other")
    assert plugin_path(switch) is None
    build_plugin(switch)
    assert plugin_path(switch) not in (None, first)
    machine_code.write_bytes(b"one")
    assert plugin_path(switch) == first


# A program of the switch, what is written in it instead, and what is said.
UNFIT = {
    "no compiler": ("ocamlfind", "echo 5.4.1", "exit 2", "there is no ocamlfind with OCaml's native compiler"),
    "no development files": ("ocamlfind", "exit 0 ;;", "exit 2 ;;", "ocamlfind knows no rocq-runtime.vernac"),
    "another compiler": (
        "ocamlfind",
        "5.4.1",
        "5.2.0",
        "Coq was compiled with OCaml 5.4.1 and the compiler is 5.2.0",
    ),
    "Coq does not run": (
        "rocq",
        "#!/bin/sh",
        "#!/bin/sh\nexit 1",
        "neither coqc nor rocq tells what OCaml it was compiled with",
    ),
    "a fault of the compiler": ("ocamlfind", "while", "echo Error: no >&2; exit 2; while", "Error: no"),
}


@pytest.mark.parametrize(("program", "text", "instead", "said"), UNFIT.values(), ids=UNFIT)
def test_a_switch_that_does_not_fit(
    program: str, text: str, instead: str, said: str, switch: Toolchain, empty_cache: Path
) -> None:
    file = empty_cache / "switch" / "bin" / program
    file.write_text(file.read_text().replace(text, instead))
    with pytest.raises(PluginError) as raised:
        build_plugin(switch)
    assert f"({said}): install ocamlfind" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list((empty_cache / "plugins").iterdir()) == []


def test_every_command_has_a_name(each_toolchain: Toolchain) -> None:
    """Each constructor that this release has is named by the plugin: one without a name is refused everywhere."""
    library = "coq-core" if each_toolchain.coq_version.startswith("8.") else "rocq-runtime"
    interface = each_toolchain.host_path(each_toolchain.coqlib).parent / library / "vernac" / "vernacexpr.mli"
    text = re.sub(r"\(\*.*?\*\)", "", interface.read_text(), flags=re.S)
    plugin = files("coq_checker.engine.plugin")
    release = "_".join(each_toolchain.coq_version.split(".")[:2])
    named = plugin.joinpath("palmetto_compat.ml").read_text()
    named += plugin.joinpath("compat", f"palmetto_release_{release}.ml").read_text()
    for kind, some in (("synterp_vernac_expr", 18), ("nonrec synpure_vernac_expr", 70), ("printable", 39)):
        body = text.split(f"type {kind} =", 1)[1].split("\ntype", 1)[0]
        constructors = re.findall(r"^ *\| (\w+)", body, re.M)
        assert len(constructors) >= some
        assert [name for name in constructors if not re.search(rf"\b{name}\b(?: _| \(name, _\))? ->", named)] == []


@pytest.mark.parametrize("damage", ["emptied", "another's", "gone"])
def test_a_damaged_one_is_built_anew(damage: str, each_toolchain: Toolchain, empty_cache: Path) -> None:
    build_plugin(each_toolchain)
    found = plugin_path(each_toolchain)
    assert found is not None
    machine_code = found / "palmetto-engine" / "palmetto_engine_plugin.cmxs"
    whole = machine_code.read_bytes()
    if damage == "gone":
        machine_code.unlink()
    else:
        machine_code.write_bytes(b"" if damage == "emptied" else whole + b"\n")
    assert plugin_path(each_toolchain) is None
    build_plugin(each_toolchain)
    assert plugin_path(each_toolchain) == found
    assert machine_code.stat().st_size == len(whole)
    assert [path.name for path in found.parent.iterdir()] == [found.name]


def aged(folder: Path, days: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    then = time.time() - days * 86400
    os.utime(folder, (then, then))
    return folder


def test_a_build_clears_what_nobody_uses(each_toolchain: Toolchain, empty_cache: Path) -> None:
    plugins, key = empty_cache / "plugins", each_toolchain.key
    gone = [aged(plugins / f"{key}-0123456789ab", 31), aged(plugins / ".building-killed", 0.1)]
    kept = [aged(plugins / f"{key}-ba9876543210", 29), aged(plugins / ".building-now", 0.01)]
    kept += [aged(plugins / "own-9.2-0123456789ab-0123456789ab", 100), aged(plugins / f"{key}-x-0123456789ab", 100)]
    build_plugin(each_toolchain)
    made = plugin_path(each_toolchain)
    assert made is not None and set(plugins.iterdir()) == {*kept, made}
    assert not any(one.exists() for one in gone)


async def test_what_a_process_has_loaded_stays(each_toolchain: Toolchain, empty_cache: Path) -> None:
    build_plugin(each_toolchain)
    made = plugin_path(each_toolchain)
    assert made is not None
    aged(made, 31)
    engine = await start_engine(engine_options(each_toolchain, "native"), empty_cache)
    # To start one is to use it.
    assert time.time() - made.stat().st_mtime < 86400
    aged(made, 31)
    sweep(made.parent, each_toolchain.key)
    assert plugin_path(each_toolchain) == made
    engine.kill()
    aged(made, 31)
    sweep(made.parent, each_toolchain.key)
    assert plugin_path(each_toolchain) is None and list(made.parent.iterdir()) == []
