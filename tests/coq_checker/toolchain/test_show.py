"""What is shown of a toolchain, and its trial."""

import subprocess
from dataclasses import replace

import pytest

from coq_checker.toolchain import Toolchain, ToolchainError, describe
from coq_checker.toolchain.recipe import RECIPES
from coq_checker.toolchain.trial import try_toolchain
from coq_checker.toolchain.versions import NATIVE_VERSIONS
from coq_checker.toolchain.wished import left_out


def test_a_built_toolchain_passes_its_trial(built: Toolchain) -> None:
    try_toolchain(built, RECIPES[built.name].version)
    with pytest.raises(ToolchainError, match=r"is to be 7\.0, and Debian has"):
        try_toolchain(built, (7, 0))


def test_a_toolchain_that_refuses_nothing_fails_its_trial(built: Toolchain) -> None:
    # A compiler that takes everything: it makes the compiled file, and reads nothing.
    lies = 'for file; do :; done; : > "${file}o"'
    programs = replace(built.programs, compiler=("sh", "-c", lies, "sh"))
    with pytest.raises(ToolchainError, match="accepts a wrong proof"):
        try_toolchain(replace(built, programs=programs))


def test_a_built_toolchain_is_what_its_name_says(built: Toolchain) -> None:
    recipe = RECIPES[built.name]
    assert built.version[:2] == recipe.version
    assert built.version[:2] in NATIVE_VERSIONS
    assert built.engines[0] == "native"
    assert ("serapi" in built.engines) == (built.sertop_version != "") == (built.name == "coq-8.20")
    assert built.root is not None
    assert built.key == built.root.name
    query = built.command("ocamlfind", "query", f"{built.findlib_package}.vernac")
    assert subprocess.run(query, capture_output=True, check=False).returncode == 0
    for argv in (built.coqc_command("--version"), built.coqchk_command("--version"), built.coqtop_command("--version")):
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        assert ".".join(map(str, recipe.version)) in said
    for argv in (built.coqdep_command("--help"), built.coq_makefile_command("--help")):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert "sage" in done.stdout + done.stderr


def test_rows_tell_what_is_there(built: Toolchain) -> None:
    rows = {row.key: row for row in describe(built)}
    assert rows["name"].value == built.name
    assert rows["coq"].value == built.coq_version
    assert rows["engines"].value == ", ".join(built.engines)
    assert rows["sandbox"].works
    contrib = built.host_path(built.coqlib) / "user-contrib"
    assert rows["hammer"].works == (contrib / "Hammer").is_dir()
    libraries = [key for key in rows if key.startswith("library.")]
    assert len(libraries) >= len(list(contrib.iterdir())) / 3
    for prover in ("eprover", "cvc4", "z3"):
        argv = built.command("sh", "-c", f"command -v {prover}")
        found = subprocess.run(argv, capture_output=True, check=False).returncode == 0
        assert rows[prover].works == found
    assert built.root is not None
    missing = {key.removeprefix("missing.") for key in rows if key.startswith("missing.")}
    assert missing == set(left_out(built.root)) <= set(RECIPES[built.name].wished)
    for package in missing:
        argv = built.command("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
        assert subprocess.run(argv, capture_output=True, check=False).stdout != b"installed"
