"""What is shown of the toolchain in use."""

import subprocess

from coq_checker.toolchain import describe, find_toolchain
from coq_checker.toolchain.trial import try_toolchain


def test_the_toolchain_in_use_passes_its_trial() -> None:
    try_toolchain(find_toolchain())


def test_rows_tell_what_is_there() -> None:
    toolchain = find_toolchain()
    rows = {row.key: row for row in describe(toolchain)}
    assert rows["coq"].value == toolchain.coq_version
    assert rows["sandbox"].works
    contrib = toolchain.host_path(toolchain.coqlib) / "user-contrib"
    assert rows["hammer"].works == (contrib / "Hammer").is_dir()
    libraries = [key for key in rows if key.startswith("library.")]
    assert len(libraries) >= len(list(contrib.iterdir())) / 3
    for prover in ("eprover", "cvc4", "z3"):
        argv = toolchain.command("sh", "-c", f"command -v {prover}")
        found = subprocess.run(argv, capture_output=True, check=False).returncode == 0
        assert rows[prover].works == found
