"""The Python environment that xtuner lives in: its pins go together with nobody else's."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import TrainError
from trainer.xtuner.make_environment import pins, place_of

VARIABLE = "PALMETTO_XTUNER_ENV"
INSIDE = Path(__file__).resolve().parent / "inside"
_REMEDY = f"run `make xtuner-env` in a checkout, or name its environment with --xtuner-env or {VARIABLE}"
_PROBE = (
    "import json, importlib.metadata as m, torch; m.version('deepspeed'); "
    "print(json.dumps([m.version('xtuner'), torch.__version__, m.version('transformers'), torch.cuda.device_count(), "
    "torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU']))"
)
_PROBE_S = 300


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that works.

    Attributes:
        python: its interpreter.
        xtuner, torch, transformers: versions.
        gpus: devices that torch sees.
        device: what the first is called; `CPU` where there is none.
    """

    python: Path
    xtuner: str
    torch: str
    transformers: str
    gpus: int
    device: str

    def variables(self) -> dict[str, str]:
        """For its programs: xtuner calls `python` and `torchrun` by these names, and nothing of this one is seen."""
        return _variables(self.python)

    def asked(self, program: str, arguments: Sequence[str]) -> dict[str, Any]:
        """The JSON object that a program of `inside` prints.

        Raises:
            TrainError: it failed, and with which sentence.
        """
        command = [str(self.python), str(INSIDE / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.variables())
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        if done.returncode:
            said = next((one.removeprefix("palmetto: ") for one in reversed(lines) if one.startswith("palmetto: ")), "")
            raise TrainError(said or f"{program} failed ({(lines or ['it printed nothing'])[-1][:300]}).")
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


def environment_place() -> Path | None:
    """Where it is or would be: PALMETTO_XTUNER_ENV, or where `make xtuner-env` makes it; None where nothing tells."""
    if told := os.environ.get(VARIABLE):
        return Path(told)
    try:
        return place_of(pins())
    except TrainError:
        return None


def find_environment() -> Environment:
    """The environment that PALMETTO_XTUNER_ENV names, or that `make xtuner-env` made.

    Raises:
        TrainError: there is none, or it does not work.
    """
    place = environment_place()
    python = None if place is None else place / "bin" / "python"
    if python is None or not python.is_file():
        raise TrainError(
            f"the engine xtuner needs an environment of its own{f' at {place}' if place else ''}: {_REMEDY}."
        )
    try:
        done = subprocess.run(
            [python, "-c", _PROBE],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PROBE_S,
            env=_variables(python),
        )
        told = json.loads(done.stdout.strip().splitlines()[-1]) if done.returncode == 0 else None
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise TrainError(f"xtuner at {place} does not answer ({error}): {_REMEDY}.") from error
    if told is None:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise TrainError(f"xtuner at {place} does not load ({last[:300]}): {_REMEDY}.")
    return Environment(python, *told)


def _variables(python: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return {
        **kept,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(python.parent.parent),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "true",
        # Each process would take all cores for torch's own threads.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "4"),
    }
