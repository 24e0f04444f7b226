"""Every overlay renders, is what Kubernetes' schemas say, and keeps to the policies; and the checks catch faults."""

import copy
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from .policy import CHECKS
from .rendered import K8S, OVERLAYS, ROOT, WITH_COMPONENT, Manifest, containers, overlay, pod_templates, with_component

VERSION = "1.34.0"
# Of others' kinds there is no schema at hand.
_OTHERS = ("monitoring.coreos.com/", "keda.sh/")
PALMETTO = Path(sys.executable).with_name("palmetto")


def schema_problems(manifests: list[Manifest] | tuple[Manifest, ...]) -> list[str]:
    found = []
    for one in manifests:
        if one["apiVersion"].startswith(_OTHERS):
            continue
        try:
            kubernetes_validate.validate(one, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{one['kind']}/{one['metadata']['name']}: {error.message}")
    return found


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_well_formed(name: str) -> None:
    assert schema_problems(overlay(name)) == []


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("check", CHECKS)
def test_an_overlay_keeps_to_a_policy(name: str, check: str) -> None:
    assert CHECKS[check](overlay(name)) == []


@pytest.mark.parametrize(("base", "component"), WITH_COMPONENT)
def test_a_component_goes_with_an_overlay(base: str, component: str, tmp_path: Path) -> None:
    manifests = with_component(tmp_path, base, component)
    assert schema_problems(manifests) == []
    for check in CHECKS.values():
        assert check(manifests) == []
    assert manifests != list(overlay(base))


def test_every_component_is_tried() -> None:
    used = {one for _, component in WITH_COMPONENT for one in component.split("+")}
    text = "".join(one.read_text() for one in K8S.rglob("kustomization.yaml"))
    for one in (K8S / "components").iterdir():
        assert one.name in used or f"components/{one.name}\n" in text, one.name


def _container(manifests: list[Manifest], name: str) -> Manifest:
    return next(c for _, t in pod_templates(manifests) for c in containers(t) if c["name"] == name)


def _kind(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    return next(one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)


BROKEN: list[tuple[str, str, Callable[[list[Manifest]], Any]]] = [
    ("images", "no version", lambda m: _container(m, "prover").update(image="palmetto/prover:latest")),
    ("images", "no version", lambda m: _container(m, "prover").update(image="palmetto/prover")),
    ("images", "does not build", lambda m: _container(m, "prover").update(image="palmetto/proofer:0.1.0")),
    ("images", "does not build", lambda m: _container(m, "prover").update(image="palmetto/prover:0.0.9")),
    ("resources", "no limits of memory", lambda m: _container(m, "prover")["resources"]["limits"].pop("memory")),
    ("resources", "no requests of cpu", lambda m: _container(m, "prover")["resources"]["requests"].pop("cpu")),
    ("resources", "than its limit", lambda m: _container(m, "prover")["resources"]["requests"].update(memory="9Gi")),
    ("restricted", "capabilities", lambda m: _container(m, "prover")["securityContext"].pop("capabilities")),
    ("restricted", "root file system",
     lambda m: _container(m, "prover")["securityContext"].update(readOnlyRootFilesystem=False)),
    ("restricted", "runs as root",
     lambda m: _kind(m, "Deployment", "prover")["spec"]["template"]["spec"]["securityContext"].pop("runAsNonRoot")),
    ("restricted", "seccomp",
     lambda m: _kind(m, "Deployment", "prover")["spec"]["template"]["spec"]["securityContext"].pop("seccompProfile")),
    ("restricted", "token",
     lambda m: _kind(m, "Deployment", "prover")["spec"]["template"]["spec"].pop("automountServiceAccountToken")),
    ("references", "no claim", lambda m: m.remove(_kind(m, "PersistentVolumeClaim", "index"))),
    ("references", "is no volume", lambda m: _container(m, "prover")["volumeMounts"].append({"name": "x"})),
    ("references", "selects no pod", lambda m: _kind(m, "Service", "prover")["spec"]["selector"].update(a="b")),
    ("references", "no pod has the port",
     lambda m: _kind(m, "Service", "prover")["spec"]["ports"][0].update(targetPort="htpp")),
    ("references", "which there is not",
     lambda m: _container(m, "prover")["readinessProbe"]["httpGet"].update(port="htpp")),
    ("references", "which is not set", lambda m: _container(m, "prover").update(args=["serve", "$(WHAT)"])),
    ("references", "has no NOTHING",
     lambda m: _container(m, "prover")["env"].append(
         {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "NOTHING"}}})),
    ("references", "no Deployment",
     lambda m: _kind(m, "HorizontalPodAutoscaler", "coq-checker")["spec"]["scaleTargetRef"].update(name="checker")),
    ("network", "no policy lets it", lambda m: m.remove(_kind(m, "NetworkPolicy", "retriever"))),
    ("network", "no policy lets it",
     lambda m: _kind(m, "Deployment", "prover")["spec"]["template"]["metadata"]["labels"].pop("asks-coq-checker")),
    ("network", "may talk to others",
     lambda m: _kind(m, "NetworkPolicy", "coq-checker")["spec"].update(egress=[{}])),
    ("network", "nothing denies", lambda m: m.remove(_kind(m, "NetworkPolicy", "default-deny"))),
    ("operation", "no readinessProbe", lambda m: _container(m, "prover").pop("readinessProbe")),
    ("operation", "no lifecycle", lambda m: _container(m, "prover").pop("lifecycle")),
]  # fmt: skip


@pytest.mark.parametrize(("check", "says", "breaks"), BROKEN, ids=[f"{c}: {s}" for c, s, _ in BROKEN])
def test_a_check_catches(check: str, says: str, breaks: Callable[[list[Manifest]], Any]) -> None:
    manifests = copy.deepcopy(list(overlay("base")))
    breaks(manifests)
    assert any(says in one for one in CHECKS[check](manifests)), CHECKS[check](manifests)


def test_a_schema_catches() -> None:
    manifests = copy.deepcopy(list(overlay("base")))
    _container(manifests, "prover")["redinessProbe"] = {}
    assert any("redinessProbe" in one for one in schema_problems(manifests))


def test_a_job_without_its_rules_is_caught() -> None:
    manifests = copy.deepcopy(list(overlay("eval")))
    job = next(one for one in manifests if one["kind"] == "Job")
    del job["spec"]["podFailurePolicy"], job["spec"]["ttlSecondsAfterFinished"]
    assert len(CHECKS["operation"](manifests)) == 3


class TestCommands:
    """What containers are told is what the programs understand."""

    def test_arguments(self) -> None:
        """Every option of every command exists, by the command's own help."""
        told: set[tuple[tuple[str, ...], str]] = set()
        for name in OVERLAYS:
            for _, template in pod_templates(overlay(name)):
                for one in containers(template):
                    if one["image"].startswith("palmetto/") and "command" not in one:
                        told |= set(_options(one["args"]))
                    elif one["image"].startswith("palmetto/"):
                        script = one["args"][0].replace("\\\n", " ")
                        for call in re.findall(r"palmetto ([a-z].*)", script):
                            told |= set(_options(call.partition("||")[0].split()))
        assert len(told) > 25
        helps: dict[tuple[str, ...], str] = {}
        for command, option in sorted(told):
            if command not in helps:
                argv = [str(PALMETTO), *command, "--help"]
                done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"COLUMNS": "250"})
                helps[command] = done.stdout
            assert not option or option in helps[command], (command, option)

    def test_variables(self) -> None:
        """Every PALMETTO_ variable is one that something reads."""
        sources = "".join(one.read_text() for one in (ROOT / "services").rglob("*.py"))
        prefixes = {
            "PALMETTO_CHECKER_": _fields("coq_checker.settings", "CheckerSettings"),
            "PALMETTO_PROVER_": _fields("prover.server.settings", "ProverServerSettings"),
            "PALMETTO_MODEL_": _fields("model_server.settings", "ModelServerSettings"),
        }
        for name in OVERLAYS:
            for owner, template in pod_templates(overlay(name)):
                for variable in (v["name"] for c in containers(template) for v in c.get("env", [])):
                    if variable.startswith("PALMETTO_"):
                        prefix = next((one for one in prefixes if variable.startswith(one)), "")
                        known = variable in sources or variable.removeprefix(prefix).lower() in prefixes.get(prefix, ())
                        assert known, (owner, variable)

    def test_the_dashboard_and_the_autoscaler_ask_for_metrics_that_there_are(self) -> None:
        sources = "".join(one.read_text() for one in (ROOT / "services").rglob("*.py"))
        board = json.loads((K8S / "components/service-monitor/palmetto.json").read_text())
        asked = {
            name
            for panel in board["panels"]
            for target in panel["targets"]
            for name in re.findall(r"palmetto_[a-z_]+", target["expr"])
        }
        assert len(asked) >= 7
        asked.add(overlay("base") and _metric())
        for name in asked:
            assert f'"{re.sub(r"_bucket$", "", name)}"' in sources, name


def _metric() -> str:
    scaler = next(one for one in overlay("base") if one["kind"] == "HorizontalPodAutoscaler")
    return str(scaler["spec"]["metrics"][0]["pods"]["metric"]["name"])


def _fields(module: str, name: str) -> set[str]:
    return set(getattr(importlib.import_module(module), name).model_fields)


def _options(words: list[str]) -> list[tuple[tuple[str, ...], str]]:
    groups = {"serve", "eval", "project", "toolchain"}
    count = 2 if words[0] in groups and len(words) > 1 and re.fullmatch(r"[a-z-]+", words[1]) else 1
    command = tuple(words[:count])
    options = [word.partition("=")[0] for word in words[count:] if word.startswith("--")]
    return [(command, ""), *((command, option) for option in options)]
