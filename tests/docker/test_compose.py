"""docker/compose.yaml, seen without running it: valid, hardened, and a checker that talks to nobody."""

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from coq_checker.server import CheckerSettings
from coq_checker.toolchain.recipe import RECIPES
from model_server.server import ModelServerSettings
from prover.server import ProverServerSettings

from . import compose
from .dockerfiles import FOLDER, all_files, kind_of, parse

SETTINGS: dict[str, type[BaseSettings]] = {
    "coq-checker": CheckerSettings,
    "model-server": ModelServerSettings,
    "prover": ProverServerSettings,
}


def problems(document: dict[str, Any]) -> list[str]:
    """What is wrong with the stack, as sentences."""
    found = []
    for name, service in document["services"].items():
        image, _, tag = service["image"].rpartition(":")
        if kind_of(image.rpartition("/")[2]) not in all_files() or tag in ("", "latest"):
            found.append(f"{name}: {service['image']} is no image that docker/ builds, with a tag")
        if service.get("user") != "10001:10001" or not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            found.append(f"{name}: is not hardened")
        if "no-new-privileges:true" not in service.get("security_opt", ()) or service.get("privileged"):
            found.append(f"{name}: may gain privileges")
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        if not {"memory", "pids"} <= set(limits):
            found.append(f"{name}: has no limits")
        for volume in service.get("volumes", ()):
            if "docker.sock" in volume or volume.startswith("/"):
                found.append(f"{name}: mounts {volume} of the machine")
        for need in service.get("depends_on", {}):
            if parse(all_files()[need].read_text()).last.of("HEALTHCHECK")[0].words() == ["NONE"]:
                found.append(f"{name}: waits for the health of {need}, which has no check")
        for port in service.get("ports", ()):
            if not port.startswith("127.0.0.1:"):
                found.append(f"{name}: port {port} is open to everybody")
    checker = document["services"]["coq-checker"]
    for network in checker["networks"]:
        if not document["networks"][network].get("internal"):
            found.append("coq-checker: has a way out")
        others = [name for name, one in document["services"].items() if network in one.get("networks", ())]
        if sorted(others) != ["coq-checker", "prover"]:
            found.append(f"coq-checker: shares a network with {others}")
    return found


def test_it_is_valid_by_the_compose_specification(tmp_path: Path) -> None:
    def check(file: Path) -> int:
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert check(compose.FILE) == 0
    broken = tmp_path / "compose.yaml"
    broken.write_text(compose.FILE.read_text().replace("read_only: true", "readonly: true"))
    assert check(broken) == 1


def test_it_keeps_to_the_rules() -> None:
    assert problems(compose.read()) == []


@pytest.mark.parametrize(
    ("service", "key", "value", "said"),
    [
        ("prover", "image", "palmetto/prover:latest", "is no image"),
        ("prover", "image", "another/thing:1", "is no image"),
        ("retriever", "read_only", False, "is not hardened"),
        ("retriever", "user", "0:0", "is not hardened"),
        ("index", "security_opt", [], "may gain privileges"),
        ("model-server", "deploy", {}, "has no limits"),
        ("index", "volumes", ["/var/run/docker.sock:/x"], "of the machine"),
        ("prover", "ports", ["8080:8080"], "is open to everybody"),
        ("coq-checker", "networks", ["checking", "outside"], "has a way out"),
        ("retriever", "networks", ["asking", "checking"], "shares a network"),
    ],
)
def test_a_broken_stack_is_seen(service: str, key: str, value: object, said: str) -> None:
    document = copy.deepcopy(compose.read())
    document["services"][service][key] = value
    assert any(said in one for one in problems(document))


def test_what_is_named_is_there() -> None:
    document = compose.read()
    services = document["services"]
    assert compose.order(services)[-2:] != [] and set(compose.order(services)) == set(services)
    for service in services.values():
        assert set(service.get("networks", ())) <= set(document["networks"])
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in document["volumes"] or (FOLDER / source).is_dir()


def test_settings_are_settings_and_addresses_services() -> None:
    services = compose.read()["services"]
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            kind = SETTINGS[name]
            assert key.lower().removeprefix(str(kind.model_config["env_prefix"]).lower()) in kind.model_fields
            for host, port in re.findall(r"(?:^|//)([a-z-]+):(\d+)", str(value)):
                assert port in parse(all_files()[host].read_text()).last.of("EXPOSE")[0].words()
                assert set(services[host]["networks"]) & set(service["networks"])


def test_its_variables_change_what_they_say() -> None:
    document = compose.read({"PALMETTO_IMAGES": "registry.example/p", "PALMETTO_TAG": "9", "PALMETTO_PORT": "18080"})
    assert document["services"]["prover"]["image"] == "registry.example/p/prover:9"
    assert document["services"]["prover"]["ports"] == ["127.0.0.1:18080:8080"]
    for toolchain in RECIPES:
        services = compose.read({"PALMETTO_TOOLCHAIN": toolchain})["services"]
        assert services["coq-checker"]["image"] == f"palmetto/coq-checker-{toolchain}:0.1.0"
        assert services["index"]["image"] == f"palmetto/jobs-{toolchain}:0.1.0"
    assert "${" not in str(compose.read())


def test_the_token_of_the_prover_is_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where it is not set, the prover takes what it is given for none."""
    for given, tokens in (({}, []), ({"PALMETTO_PROVER_TOKEN": "t" * 32}, ["t" * 32])):
        for name, value in compose.read(given)["services"]["prover"]["environment"].items():
            monkeypatch.setenv(name, str(value))
        assert ProverServerSettings().tokens() == tokens
    assert "PALMETTO_PROVER_TOKEN" not in str({**compose.read()["services"], "prover": None})


def test_tags_are_the_projects_version() -> None:
    version = parse(all_files()["prover"].read_text()).last.pairs("ARG")["VERSION"]
    assert {one["image"].rpartition(":")[2] for one in compose.read()["services"].values()} == {version}
