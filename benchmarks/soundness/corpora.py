"""The projects of the shared corpora under the strict policy, every proof of theirs checked as a candidate is."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.soundness.libraries import Surveyed
from coq_checker.toolchain import Toolchain
from coqdata.project import PROJECT_FILE, load_project

_JUDGED = frozenset(("PROVED", "REJECTED"))


def projects(shared: Path) -> list[Path]:
    """Folders of the corpora, the smallest first."""
    corpora = shared / "corpora"
    found = [path.parent for path in corpora.glob(f"*/{PROJECT_FILE}")]
    return sorted(found, key=lambda folder: sum(path.stat().st_size for path in folder.rglob("*.v")))


def check(toolchain: Toolchain, folder: Path) -> Surveyed:
    """What `palmetto check --strict` says of every theorem of a project."""
    found = Surveyed(f"corpora/{folder.name}")
    files = [str(folder / name) for name in load_project(folder).files]
    argv = [sys.executable, "-m", "palmetto", "check", "--json", "--strict", "--project", str(folder), *files]
    environment = {**os.environ, "PALMETTO_TOOLCHAIN": toolchain.name}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row.get("verdict") not in _JUDGED:
            continue
        found.theorems += 1
        found.features.update(row.get("features", ()))
        if row["reason"] == "forbidden_feature":
            found.refused[f"{folder.name}/{row['file']}:{row['theorem']}"] = row["message"]
    if not found.theorems:
        found.left_out[folder.name] = " ".join(done.stderr.split())[-200:]
    return found
