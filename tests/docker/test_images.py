"""Each image, really built: what is in it, what is not, and that it runs where nothing may be written."""

import json
from pathlib import Path

import pytest

from coq_checker.toolchain.recipe import RECIPES

from . import machine
from .conftest import CHECKERS, JOBS, SERVICES, Images, build
from .containers import container, once
from .dockerfiles import FOLDER, ROOT, all_files, kind_of, parse

# A build may be the first one.
pytestmark = [pytest.mark.images, pytest.mark.timeout(1200)]
# What no image may grow beyond without somebody noticing, in MB: a tenth above what they are.
LARGEST_MB = {"coq-checker-coq-8.20": 1400, "jobs-coq-8.20": 1500, "retriever": 530, "prover": 530, "model-server": 530}
# On another day Debian may have more of the libraries that are wished for.
LARGEST_MB |= {"coq-checker-rocq-9.2": 1500, "jobs-rocq-9.2": 1650}
VERSION = parse(all_files()["prover"].read_text()).last.pairs("ARG")["VERSION"]
BUILD_TOOLS = ("gcc", "cc", "as", "ld", "make", "ocamlopt", "pip", "pip3", "opam", "node", "npm")
OWNED = {"/var/lib/palmetto", "/var/lib/palmetto/cache", "/projects", "/index", "/results", "/data", "/models"}


@pytest.mark.parametrize("name", SERVICES)
def test_it_says_what_it_is(images: Images, name: str) -> None:
    found = json.loads(machine.run("podman", "image", "inspect", images[name]).stdout)[0]
    config = found["Config"]
    kind = kind_of(name)
    last = parse(all_files()[kind].read_text()).last
    assert config["User"] == "10001:10001"
    assert config["WorkingDir"] == "/var/lib/palmetto"
    assert config["Entrypoint"] == last.of("ENTRYPOINT")[0].words()
    assert config["Cmd"] == last.of("CMD")[0].words()
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert labels["title"] == f"palmetto/{kind}"
    assert labels["version"] == VERSION
    assert labels["base.name"] == "debian:trixie-slim"
    assert len(labels["revision"].removesuffix("-dirty")) in (40, len("unknown"))
    if kind != "jobs":
        assert found["Healthcheck"]["Test"] == ["CMD", *json.loads(last.of("HEALTHCHECK")[0].rest.partition("CMD ")[2])]


@pytest.mark.parametrize("name", SERVICES)
def test_it_runs_where_nothing_can_be_written(images: Images, name: str) -> None:
    assert once(images[name], "--version").stdout.strip() == f"palmetto {VERSION}"
    assert "Proves Coq theorems" in once(images[name], "--help").stdout


@pytest.mark.parametrize("name", SERVICES)
def test_it_holds_what_runs_and_not_what_builds(images: Images, name: str) -> None:
    script = f"""
      for tool in {" ".join(BUILD_TOOLS)}; do command -v $tool; done
      find /var/lib/apt/lists /var/cache/apt/archives /tmp /steps /src /made -type f 2>/dev/null
      find /opt -type d -name tests
      find / -xdev \\( -name .git -o -name .env -o -name 'id_rsa*' \\)
      true
    """
    said = once(images[name], "-c", script, options=["--entrypoint", "sh"]).stdout.split()
    assert [word for word in said if word not in ("lock", "partial")] == []


def test_the_prover_brings_its_page(images: Images) -> None:
    script = "import pathlib, prover.server as server; print(*pathlib.Path(server.__file__).parent.glob('static/*'))"
    said = once(images["prover"], "-c", script, options=["--entrypoint", "python3"]).stdout
    assert {path.rpartition("/")[2] for path in said.split()} == {"index.html", "favicon.svg", "assets"}


@pytest.mark.parametrize("name", SERVICES)
def test_its_user_owns_only_places_for_volumes(images: Images, name: str) -> None:
    script = (
        "find / -xdev \\( -user 10001 -o -group 10001 -o -perm -o+w ! -type l ! -type c \\) ! -path '/dev/*' -print"
    )
    listed = once(images[name], "-c", script, options=["--entrypoint", "sh", "--user", "0"], check=False)
    assert set(listed.stdout.split()) - OWNED - {"/tmp", "/var/tmp", "/run/lock", "/var/lock", "/dev"} == set()


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_no_larger_than_it_was(images: Images, name: str) -> None:
    size = int(machine.run("podman", "image", "inspect", "--format", "{{.Size}}", images[name]).stdout)
    assert size / 1e6 < LARGEST_MB[name]


def test_services_share_their_layers(images: Images) -> None:
    def layers(name: str) -> list[str]:
        shown = machine.run("podman", "image", "inspect", "--format", "{{json .RootFS.Layers}}", images[name]).stdout
        found: list[str] = json.loads(shown)
        return found

    # The system and the packages: everything but what a service adds.
    assert layers("retriever")[:4] == layers("prover")[:4] == layers("model-server")[:4]
    for checker, jobs in zip(CHECKERS, JOBS, strict=True):
        assert layers(checker)[:2] == layers(jobs)[:2]


def test_what_is_inside_is_listed(images: Images, tmp_path: Path) -> None:
    build("jobs-coq-8.20", "--sbom", str(tmp_path))
    listed = json.loads((tmp_path / "jobs-coq-8.20.cdx.json").read_text())
    found = {one["purl"].partition("@")[0]: one["version"] for one in listed["components"]}
    assert listed["bomFormat"] == "CycloneDX" and listed["metadata"]["component"]["name"].endswith(
        "palmetto/jobs-coq-8.20"
    )
    assert found["pkg:deb/debian/coq"].startswith("8.20")
    assert "pkg:deb/debian/gcc-14" not in found
    assert found["pkg:pypi/palmetto"] == VERSION
    assert "pkg:pypi/s3fs" in found and "pkg:pypi/grpcio" in found and "pkg:pypi/pip" not in found


def test_podman_builds_the_same(images: Images) -> None:
    build("retriever", "--engine", "podman", "--tag", "by-podman")
    shown = ["podman", "image", "inspect", "--format", "{{json .RootFS.Layers}}"]
    made = machine.run(*shown, "localhost/palmetto/retriever:by-podman").stdout
    assert made == machine.run(*shown, images["retriever"]).stdout


def test_secrets_and_rubbish_never_reach_a_builder(store: None, tmp_path: Path) -> None:
    kept_out: tuple[str, ...] = (
        ".git/config",
        ".venv/bin/x",
        ".env",
        "services/.env",
        "services/a/__pycache__/a.cpython-313.pyc",
    )
    kept_out += (
        "build/x",
        "docs/x.md",
        "tests/x.py",
        "key.pem",
        "services/palmetto.egg-info/PKG-INFO",
        "docker/compose.yaml",
    )
    wanted = (
        "services/a/b.py",
        "services/a/templates/c.html",
        "requirements/base.txt",
        "pyproject.toml",
        "docker/steps/coq",
    )
    for name in (*kept_out, *wanted):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    (tmp_path / "Dockerfile").write_text(f"FROM {machine.TRIXIE}\nCOPY . /context\n")
    options = ["--isolation", "chroot", "--pull-never", "--tag", "localhost/context:under-test"]
    machine.run("buildah", "build", *options, "-f", str(tmp_path / "Dockerfile"), str(tmp_path))
    listed = once("localhost/context:under-test", "find", "/context", "-type", "f").stdout.split()
    assert sorted(listed) == sorted(f"/context/{name}" for name in wanted)


@pytest.mark.parametrize("toolchain", RECIPES)
def test_the_build_fails_where_the_plugin_does_not_fit(images: Images, toolchain: str) -> None:
    """A checker without its plugin would be slow and say nothing: the image is not made then."""
    image = images[f"coq-checker-{toolchain}"]
    script = FOLDER / "steps" / "coq"
    options = ["--volume", f"{script}:/coq:ro", "--entrypoint", "sh"]
    fits = once(image, "/coq", "check", options=options, check=False)
    assert fits.returncode == 0 and f"{toolchain} /opt/coq-plugins/own-{toolchain.partition('-')[2]}" in fits.stdout
    without = once(image, "/coq", "check", options=[*options, "--env", "PALMETTO_PLUGINS=/nowhere"], check=False)
    assert without.returncode == 1 and "without the engine in Coq" in without.stdout


def test_nothing_is_left_behind_by_coqs_processes(images: Images) -> None:
    """Process 1 reaps what provers and killed workers leave."""
    with container(
        "palmetto-reaping", images["jobs-coq-8.20"], "--entrypoint", "tini", command=["--", "sleep", "100"]
    ) as one:
        one.execute("sh", "-c", "(sh -c 'sleep 0.2 & exec true' &); sleep 1")
        states = one.execute("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || true").stdout
        assert " Z " not in states
