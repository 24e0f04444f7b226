"""Whether the packages that an engine needs are there, in versions that work together."""

import importlib.metadata
import json
import subprocess
from pathlib import Path

from trainer.errors import TrainError
from trainer.preflight.findings import Finding, State, fails
from trainer.xtuner.environment import find_environment

WHAT = "packages"
# What xtuner 0.2.0 asks for exactly, and the DeepSpeed that it was released with.
PINNED = {"xtuner": "0.2.0", "mmengine": "0.10.6", "transformers": "4.48.0", "deepspeed": "0.16.2"}
_LOCAL = {"torch": (2, 6), "transformers": (4, 56)}
_PROBE = (
    "import importlib.metadata as m, json, torch\n"
    "def of(name):\n"
    "    try: return m.version(name)\n"
    "    except m.PackageNotFoundError: return None\n"
    "told = {'cuda': torch.version.cuda, 'torch': torch.__version__}\n"
    f"told.update({{name: of(name) for name in {list(PINNED)}}})\n"
    "print(json.dumps(told))"
)
# The oldest drivers that CUDA's major versions run with (NVIDIA, CUDA Toolkit release notes).
_DRIVERS = {"12": 525, "13": 580}


def xtuner_versions(driver: str | None) -> Finding:
    """Of xtuner's environment; `driver`: of the GPUs, None where there is none."""
    try:
        found = versions_at(find_environment().python)
    except TrainError as error:
        return fails(WHAT, str(error))
    return judged(found, driver)


def versions_at(python: Path) -> dict[str, str | None]:
    """What an environment has; `cuda`: what its torch is built for.

    Raises:
        TrainError: it does not run.
    """
    try:
        done = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, check=False, timeout=120)
        found: dict[str, str | None] = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise TrainError(f"{python} does not load torch: make the environment anew with `make xtuner-env`.") from None
    return found


def judged(found: dict[str, str | None], driver: str | None) -> Finding:
    """Versions against the pins, and torch's CUDA against the driver."""
    wrong = [
        f"{name} {found.get(name) or 'missing'} and not {pin}" for name, pin in PINNED.items() if found.get(name) != pin
    ]
    if wrong:
        return fails(WHAT, f"{', '.join(wrong)}: make the environment anew with `make xtuner-env`.")
    told = ", ".join(f"{name} {found[name]}" for name in (*PINNED, "torch"))
    cuda = found.get("cuda")
    if driver is not None:
        if cuda is None:
            return fails(
                WHAT, f"torch {found['torch']} is built without CUDA: make the environment where pip gets it with."
            )
        oldest = _DRIVERS.get(cuda.split(".")[0])
        if oldest is not None and _leading(driver) < oldest:
            return fails(
                WHAT, f"torch is built for CUDA {cuda}, which needs driver {oldest} or newer: {driver} is here."
            )
    return Finding(WHAT, State.OK, told)


def local_versions() -> Finding:
    """Of the engine `local`, which lives in this environment."""
    told = []
    for name, oldest in _LOCAL.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return fails(WHAT, f"{name} is not installed: `pip install palmetto[train]`.")
        if tuple(int(part) for part in version.split("+")[0].split(".")[:2]) < oldest:
            return fails(WHAT, f"{name} {version} is too old: `pip install --upgrade palmetto[train]`.")
        told.append(f"{name} {version}")
    return Finding(WHAT, State.OK, ", ".join(told))


def _leading(version: str) -> int:
    number = version.split(".", maxsplit=1)[0]
    return int(number) if number.isdigit() else 0
