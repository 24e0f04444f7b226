"""Overlays as kubectl renders them."""

import functools
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
OVERLAYS = ("base", "dev", "dev/projects", "eval", "extract", "crawl", "train", "projects", "files")
# Components that no overlay has, each with an overlay that it goes with.
WITH_COMPONENT = (
    ("base", "service-monitor"),
    ("base", "scraping"),
    ("eval", "service-monitor"),
    ("base", "gvisor"),
    ("base", "queue-metric"),
    ("base", "tgi+models"),
    ("base", "token"),
    ("eval", "s3-results"),
    ("eval", "token"),
    ("eval", "one-node"),
    ("train", "multi-node-train"),
)
Manifest = dict[str, Any]


def kubectl() -> str:
    """kubectl; the test is skipped where there is none."""
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed: the manifests are not rendered")
    return found


def build(folder: Path) -> list[Manifest]:
    """What `kubectl apply -k` would send.

    Raises:
        AssertionError: it does not render.
    """
    done = subprocess.run([kubectl(), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower(), done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


@functools.cache
def overlay(name: str) -> tuple[Manifest, ...]:
    """An overlay of k8s/."""
    return tuple(build(K8S / name))


def with_component(folder: Path, base: str, component: str) -> list[Manifest]:
    """An overlay with a component added, rendered from a copy in `folder`."""
    made = folder / "k8s"
    if not made.exists():
        shutil.copytree(K8S, made)
    extra = made / f"{base}-{component}"
    extra.mkdir()
    components = ", ".join(f"../components/{one}" for one in component.split("+"))
    (extra / "kustomization.yaml").write_text(
        f"resources: [../{base}]\ncomponents: [{components}]\nnamespace: palmetto\n"
    )
    return build(extra)


def pod_templates(manifests: tuple[Manifest, ...] | list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Everything that makes pods, with the pod's template."""
    for one in manifests:
        if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            yield f"{one['kind']}/{one['metadata']['name']}", one["spec"]["template"]
        elif one["kind"] == "Pod":
            yield f"Pod/{one['metadata']['name']}", {"metadata": one["metadata"], "spec": one["spec"]}


def containers(template: Manifest) -> list[Manifest]:
    """All containers of a pod, those of its beginning too."""
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
