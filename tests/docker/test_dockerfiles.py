"""What docker/ promises, seen without building: one rule a function in policy.py, and here a broken file for each."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from coq_checker.server import CheckerSettings
from coq_checker.toolchain import recipe
from model_server.server import ModelServerSettings
from prover.server import ProverServerSettings
from retriever.server import RetrieverSettings

from . import policy
from .dockerfiles import FOLDER, ROOT, Dockerfile, Stage, all_files, parse

FILES = all_files()
IGNORED = policy.ignore_lines((ROOT / ".dockerignore").read_text())
SERVICES: dict[str, type[BaseSettings]] = {
    "coq-checker": CheckerSettings,
    "retriever": RetrieverSettings,
    "model-server": ModelServerSettings,
    "prover": ProverServerSettings,
}
# Settings that are no service's: of the toolchain, the cache, the trainer.
COMMON = {"PALMETTO_CACHE", "PALMETTO_SANDBOX", "PALMETTO_TOOLCHAIN", "PALMETTO_PLUGINS", "PALMETTO_XTUNER_ENV"}


def dockerfile(name: str) -> Dockerfile:
    return parse(FILES[name].read_text())


def test_there_is_one_for_each_image() -> None:
    assert set(FILES) == {"coq-checker", "jobs", "retriever", "prover", "model-server", "trainer"}


@pytest.mark.parametrize("name", FILES)
def test_it_keeps_to_the_rules(name: str) -> None:
    assert policy.problems(dockerfile(name)) == []


@pytest.mark.parametrize("name", FILES)
def test_what_it_copies_is_there_and_reaches_the_builder(name: str) -> None:
    assert policy.context_problems(dockerfile(name), ROOT, IGNORED) == []


# What is replaced in a good file, and the rule that must see it.
BROKEN = [
    ("ARG BASE=debian:trixie-slim", "ARG BASE=debian", "base_is_pinned"),
    ("ARG BASE=debian:trixie-slim", "ARG BASE=debian:latest", "base_is_pinned"),
    ("FROM packages AS project", "FROM another AS project", "bases_are_known"),
    ("COPY --from=packages", "COPY --from=nowhere", "bases_are_known"),
    ("USER 10001:10001", "USER palmetto", "runs_as_nobody_special"),
    ("USER 10001:10001", "USER 10001:10001\nRUN touch /x", "runs_as_nobody_special"),
    ('ENTRYPOINT ["palmetto"]', "ENTRYPOINT palmetto", "is_complete"),
    ("STOPSIGNAL SIGTERM\n", "", "is_complete"),
    ('CMD ["python3", "-m", "palmetto.health", "127.0.0.1:50052"]', "NONE", "health_is_asked_or_refused"),
    ('org.opencontainers.image.version="${VERSION}"', 'version="${VERSION}"', "labels_are_set"),
    ("COPY services services", "ADD services services", "nothing_is_fetched_on_the_side"),
    ("RUN /steps/packages project", "RUN curl -o x y", "nothing_is_fetched_on_the_side"),
    ("RUN /steps/packages project", "RUN --mount=type=bind,source=a,target=/a x", "nothing_is_fetched_on_the_side"),
    ("RUN /steps/packages project", "RUN pip install grpcio", "packages_have_hashes"),
    ("LANG=C.UTF-8", "PALMETTO_MODEL_API_KEY=x", "no_secret_is_named"),
    ("ARG REVISION=unknown\n", "", "arguments_are_declared"),
]


@pytest.mark.parametrize(("good", "bad", "rule"), BROKEN)
def test_a_broken_one_is_seen(good: str, bad: str, rule: str) -> None:
    text = FILES["retriever"].read_text()
    assert good in text
    broken = re.sub(re.escape(good), lambda _: bad, text, count=1)
    assert [one.partition(":")[0] for one in policy.problems(parse(broken))] == [rule]


def test_every_rule_is_tried() -> None:
    assert {rule for _, _, rule in BROKEN} == {rule.__name__ for rule in policy.RULES}


def test_what_is_not_there_or_kept_out_is_seen() -> None:
    text = FILES["retriever"].read_text().replace("COPY services services", "COPY nothing docs services/")
    found = policy.context_problems(parse(text), ROOT, IGNORED)
    assert [one.partition(": ")[2] for one in found] == ["nothing is not there", "docs is kept out by .dockerignore"]


@pytest.mark.parametrize(
    ("path", "reaches"),
    [
        ("services/prover/app.py", True),
        ("requirements/base.txt", True),
        ("docker/steps/coq", True),
        ("docker/compose.yaml", False),
        (".git/config", False),
        (".env", False),
        (".venv/bin/python", False),
        ("services/.env", False),
        ("services/prover/__pycache__/app.cpython-313.pyc", False),
        ("services/palmetto.egg-info/PKG-INFO", False),
        ("build/x", False),
        ("web/src/main.tsx", True),
        ("web/package-lock.json", True),
        ("web/node_modules/preact/package.json", False),
        ("services/prover/server/static/index.html", False),
        ("tests/conftest.py", False),
    ],
)
def test_only_sources_reach_the_builder(path: str, reaches: bool) -> None:
    assert policy.reaches_builder(path, IGNORED) is reaches


def stages(name: str) -> Iterator[Stage]:
    return (stage for stage in dockerfile(name).stages if stage.name)


def test_stages_of_one_name_are_the_same_in_all_files() -> None:
    """So that a builder makes them once, and machines that run several images fetch their layers once."""
    own = {"models"}
    seen: dict[str, tuple[str, list[str]]] = {}
    for name in FILES:
        for stage in stages(name):
            held = seen.setdefault(stage.name, (stage.base, stage.text()))
            assert stage.name in own or held == (stage.base, stage.text()), f"{stage.name} differs in {name}"
    assert {"python", "packages", "project", "coq"} <= set(seen)


def test_coqs_packages_are_the_toolchains() -> None:
    """A stable suite has all of them; of one that moves those that are wished may be missing."""
    script = (FOLDER / "steps" / "coq-install").read_text()
    assert {path.stem for path in (FOLDER / "steps").glob("*.txt")} == set(recipe.RECIPES)
    for one in recipe.RECIPES.values():
        lines = (FOLDER / "steps" / f"{one.name}.txt").read_text().splitlines()
        listed = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
        assert list(listed) == ["suites", "required", "wished"]
        if listed["suites"] == ["base"]:
            assert one.suites == ("trixie",) and listed["wished"] == []
            assert listed["required"] == list(one.packages)
        else:
            assert listed["suites"] == list(one.suites)
            assert (listed["required"], listed["wished"]) == (list(one.required), list(one.wished))
        ((path, text),) = one.programs
        assert f"printf '{text}' > /{path}".replace("\n", "\\n") in script
        for path, target in one.links:
            assert f"ln -sf {target} /{path}" in script
        for option in one.apt_options:
            assert f"-o '{option.replace(' ', '=').replace(chr(34), '')}'" in script


@pytest.mark.parametrize("given", ["", "coq-7.4"])
def test_an_image_has_a_toolchain(given: str) -> None:
    script = ["sh", str(FOLDER / "steps" / "coq-install"), given]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"coq-install: '{given}' is no toolchain: give the build argument TOOLCHAIN, coq-8.20 or rocq-9.2\n"
    )


def test_pages_that_nobody_reads_stay_out_as_in_the_toolchain() -> None:
    script = (FOLDER / "steps" / "python").read_text()
    assert re.findall(r"^path-exclude=(.*)$", script, re.MULTILINE) == list(recipe.EXCLUDED_PATHS)
    assert re.findall(r"^path-include=(.*)$", script, re.MULTILINE) == list(recipe.INCLUDED_PATHS)


@pytest.mark.parametrize("name", FILES)
def test_its_settings_are_settings(name: str) -> None:
    known = COMMON | {
        f"{kind.model_config['env_prefix']}{field}".upper() for kind in SERVICES.values() for field in kind.model_fields
    }
    own = {key for key in dockerfile(name).last.pairs("ENV") if key.startswith("PALMETTO_")}
    assert own and own - known == set()


@pytest.mark.parametrize("name", SERVICES)
def test_it_listens_where_its_port_is_and_health_is_asked(name: str) -> None:
    kind, last = SERVICES[name], dockerfile(name).last
    prefix = str(kind.model_config["env_prefix"])
    usual = str(kind.model_fields["listen"].default).rpartition(":")[2]
    environment = last.pairs("ENV")
    assert environment[f"{prefix}LISTEN"] == f"0.0.0.0:{usual}"
    ports = [usual]
    if "metrics_listen" in kind.model_fields:
        assert environment[f"{prefix}METRICS_LISTEN"] == "0.0.0.0:9100"
        ports.append("9100")
    assert last.of("EXPOSE")[0].words() == ports
    address = re.findall(r'"([^"]+)"\]$', last.of("HEALTHCHECK")[0].rest)[0]
    assert f"127.0.0.1:{usual}" in address
    assert last.of("CMD")[0].words() == ["serve", name]


@pytest.mark.parametrize("name", FILES)
def test_its_command_is_one(name: str) -> None:
    last = dockerfile(name).last
    assert last.of("ENTRYPOINT")[0].words()[-1] == "palmetto"
    words = [word for word in last.of("CMD")[0].words() if word != "--help"]
    done = subprocess.run([sys.executable, "-m", "palmetto", *words, "--help"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_versions_are_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    torch = re.findall(r"^TORCH := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name in FILES:
        file = dockerfile(name)
        assert file.last.pairs("ARG")["VERSION"] == project["version"]
        assert [file.arguments["TORCH"]] == torch if "TORCH" in file.arguments else True


def test_steps_install_only_what_is_locked() -> None:
    text = (FOLDER / "steps" / "packages").read_text()
    installs = [line.strip() for line in text.splitlines() if re.search(r"\bpip(\S*) install\b", line)]
    assert len(installs) == 5
    # torch (the word that is given) comes as different wheels from different places.
    assert [line for line in installs if not re.search(r'--require-hashes|--no-index|"\$3"', line)] == []


@pytest.mark.parametrize("lock", ["build.txt", "s3.txt"])
def test_locks_of_images_have_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    entries = re.split(r"^(?=[\w.\-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries and [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_what_an_object_store_needs_goes_together_with_the_rest() -> None:
    def pins(lock: str) -> dict[str, str]:
        text = (ROOT / "requirements" / lock).read_text()
        return dict(re.findall(r"^([\w.\-]+)==([\w.+!]+)", text, re.MULTILINE))

    base, more = pins("base.txt"), pins("s3.txt")
    assert {name: version for name, version in base.items() if more.get(name) != version} == {}, "run `make lock`"
    assert "s3fs" in more and "setuptools" in pins("build.txt")


@pytest.mark.parametrize("name", FILES)
def test_hadolint_finds_nothing(name: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), "--no-color", str(FILES[name])],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "stage", "modules"),
    [
        ("coq-checker", "coq-with-compilers", ["coq_checker.toolchain", "coq_checker.engine.plugin.build"]),
        ("trainer", "xtuner", ["trainer.xtuner.make_environment"]),
    ],
)
def test_stages_that_copy_a_part_of_the_code_copy_enough_of_it(
    name: str, stage: str, modules: list[str], tmp_path: Path
) -> None:
    """They run it with nothing but Python's own library."""
    for one in next(one for one in dockerfile(name).stages if one.name == stage).of("COPY"):
        *sources, _ = one.words()
        for source in (source for source in sources if source.startswith("services/")):
            place = tmp_path / source
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place)
            else:
                shutil.copy(ROOT / source, place)
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'services')!r}); import {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_steps_are_shell() -> None:
    steps = [path for path in (FOLDER / "steps").iterdir() if path.suffix != ".txt"]
    assert len(steps) == 5
    for path in steps:
        assert path.stat().st_mode & 0o111
        subprocess.run(["sh", "-n", str(path)], check=True)


@pytest.mark.parametrize("step", ["packages", "coq", "page"])
def test_a_step_that_is_none_is_refused(step: str) -> None:
    done = subprocess.run(
        ["sh", str(FOLDER / "steps" / step), "no-such-step"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stderr == f"{step}: there is no step 'no-such-step'\n"
