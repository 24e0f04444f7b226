"""What holds for the tree as a whole: no place of one machine, small modules, fresh locks and stubs."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import LONG

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 400
GENERATED = Path("services/palmetto_protos")

# In parts, so that this file does not name what it forbids.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("npmjs", "org"),
        ("opam", "ocaml", "org"),
    )
)
# A person's or a machine's own folders; `/home/someone` is what examples say.
PRIVATE_PLACES = re.compile(r"(?<![\w}.\-])/(?:home/(?!someone\b)\w+|root|Users|work)/[\w.]")


def repository_files() -> list[Path]:
    """The files that are in the repository or would be added to it, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout, so what belongs to the repository is not known")
    names = [name.decode() for name in listed.stdout.split(b"\0") if name]
    return [Path(name) for name in names if (ROOT / name).is_file()]


def texts() -> dict[Path, str]:
    found = {}
    for path in repository_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content:
            found[path] = content.decode("utf-8", errors="replace")
    return found


def test_no_registry_host_is_named() -> None:
    named = [f"{path}: {host}" for path, text in texts().items() for host in REGISTRY_HOSTS if host in text.lower()]
    assert named == []


def test_no_folder_of_a_machine_is_named() -> None:
    named = [f"{path}: {hit[0]}" for path, text in texts().items() for hit in PRIVATE_PLACES.finditer(text)]
    assert named == []


def test_modules_are_small() -> None:
    modules = [path for path in texts() if path.suffix == ".py" and GENERATED not in path.parents]
    assert modules
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules}
    assert {path: count for path, count in lines.items() if count > MODULE_LINES} == {}


def test_nothing_that_coq_made_is_kept() -> None:
    made = [path for path in repository_files() if path.suffix in (".vo", ".vok", ".vos", ".glob", ".aux")]
    assert made == []


def test_every_package_is_typed() -> None:
    packages = [path.parent for path in (ROOT / "services").glob("*/__init__.py")]
    assert packages
    assert [package.name for package in packages if not (package / "py.typed").exists()] == []


def test_stubs_are_those_of_the_contracts(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "gen_protos.py"
    # protoc looks for its plugins on PATH, and they are installed beside this Python.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, str(script), "--out", str(tmp_path)]
    subprocess.run(command, env={**os.environ, "PATH": path}, check=True)
    fresh = generated(tmp_path / GENERATED.name)
    kept = generated(ROOT / GENERATED)
    assert any(name.endswith("_pb2.py") for name in fresh)
    assert sorted(fresh) == sorted(kept)
    assert [name for name, text in fresh.items() if kept[name] != text] == [], "run scripts/gen_protos.py"


def generated(folder: Path) -> dict[str, bytes]:
    names = [path for path in folder.rglob("*") if re.search(r"_pb2(_grpc)?\.pyi?$", path.name)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names}


@pytest.mark.parametrize(("lock", "extras"), [("base.txt", ()), ("dev.txt", ("dev",))])
def test_the_lock_follows_the_project(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    text = (ROOT / "requirements" / lock).read_text()
    locked = dict(re.findall(r"^([\w.\-]+)==([\w.+!]+)", text, re.MULTILINE))
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not locked: run `make lock`"
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: run `make lock`"


@pytest.mark.parametrize("lock", ["base.txt", "dev.txt"])
def test_the_lock_names_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    entries = re.split(r"^(?=[\w.\-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert not re.search(r"^--(extra-)?index-url|^--find-links|^-[if] ", text, re.MULTILINE)


def test_continuous_integration_runs_the_same_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_files_of_tests_that_come_first_are_there() -> None:
    assert [name for name in LONG if not (ROOT / "tests" / name).is_file()] == []
