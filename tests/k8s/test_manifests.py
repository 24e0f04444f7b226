"""Every overlay renders, is what Kubernetes' schemas say, and keeps to the policies; and the checks catch faults."""

import copy
import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from .policy import CHECKS
from .rendered import (
    K8S,
    OVERLAYS,
    ROOT,
    WITH_COMPONENT,
    Manifest,
    build,
    containers,
    overlay,
    pod_templates,
    with_component,
)

# The oldest one that docs/operations.md names, and the newest one at hand.
OLDEST, NEWEST = "1.33.0", "1.37.0"
# Of others' kinds there is no schema at hand.
_OTHERS = ("monitoring.coreos.com/", "keda.sh/")
NINE = "coq-checker-rocq-9-2"
PALMETTO = Path(sys.executable).with_name("palmetto")


def schema_problems(manifests: list[Manifest] | tuple[Manifest, ...], version: str = NEWEST) -> list[str]:
    found = []
    for one in manifests:
        if one["apiVersion"].startswith(_OTHERS):
            continue
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{one['kind']}/{one['metadata']['name']}: {error.message}")
    return found


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_well_formed(name: str, version: str) -> None:
    assert schema_problems(overlay(name), version) == []


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
     lambda m: _kind(m, "HorizontalPodAutoscaler", NINE)["spec"]["scaleTargetRef"].update(name="checker")),
    ("network", "no policy lets it", lambda m: m.remove(_kind(m, "NetworkPolicy", "retriever"))),
    ("network", "no policy lets it",
     lambda m: _kind(m, "Deployment", "prover")["spec"]["template"]["metadata"]["labels"].pop("asks-coq-checker")),
    ("network", "may talk to others",
     lambda m: _kind(m, "NetworkPolicy", "coq-checker")["spec"].update(egress=[{}])),
    ("network", "nothing denies", lambda m: m.remove(_kind(m, "NetworkPolicy", "default-deny"))),
    ("operation", "what the autoscaler did",
     lambda m: _kind(m, "Deployment", NINE)["spec"].update(replicas=2)),
    ("operation", "from being drained",
     lambda m: _kind(m, "PodDisruptionBudget", "prover")["spec"].pop("unhealthyPodEvictionPolicy")),
    ("token", "in the open",
     lambda m: _container(m, "prover")["env"].append({"name": "PALMETTO_PROVER_TOKEN", "value": "x" * 32})),
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


def test_an_extraction_that_asks_for_names_is_caught() -> None:
    manifests = copy.deepcopy(list(overlay("extract")))
    names = _kind(manifests, "NetworkPolicy", "dns")["spec"]["podSelector"]["matchExpressions"][0]["values"]
    names.remove("extract")
    assert any("may talk to others (dns)" in one for one in CHECKS["network"](manifests))


def test_a_model_server_without_a_user_is_caught() -> None:
    manifests = copy.deepcopy(list(overlay("eval")))
    _container(manifests, "vllm")["env"] = [{"name": "HOME", "value": "/tmp"}]
    assert [one.rpartition(" ")[2] for one in CHECKS["operation"](manifests)] == ["(LOGNAME)", "(USER)"]


@pytest.mark.parametrize("who", ["prover", "eval"])
def test_who_has_no_token_is_caught(who: str, tmp_path: Path) -> None:
    manifests = with_component(tmp_path, "eval", "token")
    variables = _container(manifests, who)["env"]
    variables.remove(next(one for one in variables if one["name"] == "PALMETTO_PROVER_TOKEN"))
    assert any("has another token, or none" in one for one in CHECKS["token"](manifests))


def test_a_token_is_asked_for_where_provers_are(tmp_path: Path) -> None:
    manifests = with_component(tmp_path, "eval", "token")
    having = {owner for owner, template in pod_templates(manifests)
              for one in containers(template)
              if "PALMETTO_PROVER_TOKEN" in {v["name"] for v in one.get("env", [])}}  # fmt: skip
    assert having == {"Deployment/prover-a", "Deployment/prover-b", "Job/eval-1-a", "Job/eval-1-b"}


def test_secrets_are_those_that_the_documentation_makes(tmp_path: Path) -> None:
    """Every secret that is named, and each of its keys, is in a command of docs/operations.md or of a comment there."""
    told = (ROOT / "docs" / "operations.md").read_text() + (K8S / "crawl" / "kustomization.yaml").read_text()
    every = [*overlay("crawl"), *with_component(tmp_path, "eval", "token+s3-results")]
    named = set()
    for _, template in pod_templates(every):
        for one in containers(template):
            named |= {(s["secretRef"]["name"], "") for s in one.get("envFrom", [])}
            for variable in one.get("env", []):
                key = variable.get("valueFrom", {}).get("secretKeyRef")
                named |= {(key["name"], key["key"])} if key else set()
    assert named == {("github", "token"), ("object-store", ""), ("prover-token", "token")}
    for name, key in named:
        assert re.search(rf"create secret generic {name} --from-literal={key}", told), (name, key)


def test_the_keys_of_an_object_store_are_not_where_proofs_are_compiled(tmp_path: Path) -> None:
    manifests = with_component(tmp_path, "eval", "s3-results")
    having = {one["name"] for _, template in pod_templates(manifests) for one in containers(template)
              if one.get("envFrom")}  # fmt: skip
    assert having == {"eval", "merge"}


def _script(name: str, container: str, **places: Path) -> str:
    """A container's script, with other folders in the place of /projects and others."""
    script = str(_container(list(overlay(name)), container)["args"][0])
    for place, other in places.items():
        script = script.replace(f"/{place}", str(other))
    return script


@pytest.mark.parametrize(
    ("wanted", "prepared", "ready"),
    [
        ("/projects/one", None, False),
        ("/projects/one", "one\n", True),
        ("/projects/two", "one\n", False),
        ("/projects/one,/projects/two", "one\n", False),
        ("x=/projects/one", "one\n", True),
        ("/projects/*", "one\n", False),
        ("/projects/*", "one\ntwo\n", True),
        # It is not on the volume: `palmetto eval` says so, with status 2.
        ("/projects/three", "one\n", True),
    ],
)
def test_shards_wait_for_the_index_of_their_projects(
    wanted: str, prepared: str | None, ready: bool, tmp_path: Path
) -> None:
    projects, index = tmp_path / "projects", tmp_path / "index"
    for folder in (projects / "one", projects / "two", index):
        folder.mkdir(parents=True)
    if prepared is not None:
        (index / "prepared").write_text(prepared)
    script = _script("eval", "prepared", projects=projects, index=index).replace("sleep 5", "exit 7")
    told = {"PATH": "/usr/bin:/bin", "PROJECTS": wanted.replace("/projects", str(projects))}
    done = subprocess.run(["/bin/sh", "-eu", "-c", script], env=told, check=False, timeout=60)
    assert done.returncode == (0 if ready else 7)


@pytest.mark.parametrize(("address", "status"), [("", 0), ("http://127.0.0.1:9/v1", 7)])
def test_a_prover_waits_for_its_model(address: str, status: int) -> None:
    script = _script("eval", "model").replace("$(MODEL)", address).replace("sleep 10", "exit 7")
    told = {"PATH": f"{PALMETTO.parent}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-eu", "-c", script], env=told, check=False, timeout=60)
    assert done.returncode == status


def test_an_extraction_can_write_the_indexes_that_it_makes() -> None:
    """With --retrieval it makes its own; where they cannot be written it ends with 2, and the whole job with it."""
    one = _container(list(overlay("extract")), "extract")
    place = next(v["value"] for v in one["env"] if v["name"] == "PALMETTO_RETRIEVER_INDEXES")
    written = [m["mountPath"] for m in one["volumeMounts"] if not m.get("readOnly")]
    assert any(place.startswith(f"{mount}/") for mount in written)


def _images(manifests: list[Manifest]) -> set[str]:
    return {one["image"] for _, template in pod_templates(manifests) for one in containers(template)}


def test_a_registry_is_named_in_one_place(tmp_path: Path) -> None:
    """The command of docs/operations.md; every overlay has all of its images from there."""
    shutil.copytree(K8S, tmp_path / "k8s")
    told = re.search(r"^sed -i 's#newName: .*$", (ROOT / "docs" / "operations.md").read_text(), re.M)
    assert told is not None
    command = told[0].replace("REGISTRY", "registry.example:5000/team")
    subprocess.run(["sh", "-eu", "-c", command], cwd=tmp_path, check=True)
    for name in OVERLAYS:
        ours = {one for one in _images(build(tmp_path / "k8s" / name)) if "palmetto" in one}
        assert ours, name
        assert all(one.startswith("registry.example:5000/team/palmetto/") for one in ours), (name, ours)
        assert {one.rpartition("/")[2] for one in ours} == {
            one.rpartition("/")[2] for one in _images(list(overlay(name))) if one.startswith("palmetto/")
        }


def test_volumes_of_one_node_are_the_same_for_all_that_name_them() -> None:
    """Claims cannot be changed, so overlays that are used together must agree."""

    def claims(name: str) -> dict[str, Manifest]:
        return {one["metadata"]["name"]: one["spec"] for one in overlay(name) if one["kind"] == "PersistentVolumeClaim"}

    assert claims("dev") == claims("dev/projects")
    assert claims("dev") != claims("base")
    whole = claims("files")
    for name in ("base", "projects", "crawl", "eval", "extract", "train"):
        assert claims(name).items() <= whole.items(), name


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
                    elif one["image"].startswith("palmetto/") and "args" in one:
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
