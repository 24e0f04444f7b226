"""Makes the environment that xtuner lives in: `python -m trainer.xtuner.make_environment`, or `make xtuner-env`."""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coqdata.catalogue import cache_folder
from trainer.errors import TrainError

# They come as different wheels in different places, for a GPU or without: no hash can be given for them.
TORCH = "torch==2.13.0"
TORCHVISION = "torchvision==0.28.0"
MARK = "palmetto.json"
# xtuner 0.2.0 declares less than 3.13.
PYTHONS = ((3, 11), (3, 13))
NEEDED_BYTES = 3_000_000_000
_PINS = Path(__file__).resolve().parents[3] / "requirements" / "xtuner.txt"
_STUB = Path(__file__).resolve().parent / "torchvision_stub.py"
_ERROR_LINES = 3


def pins() -> Path:
    """The file of pins of this checkout.

    Raises:
        TrainError: this is no checkout.
    """
    if not _PINS.is_file():
        raise TrainError(
            "requirements/xtuner.txt is not here: name it with --pins, or make the environment in a checkout."
        )
    return _PINS


def place_of(file: Path) -> Path:
    """Where the environment of these pins lies in the cache: other pins, another folder."""
    told = [
        file.read_bytes(),
        TORCH.encode(),
        TORCHVISION.encode(),
        _STUB.read_bytes(),
        str(sys.version_info[:2]).encode(),
    ]
    return cache_folder() / f"xtuner-{hashlib.sha256(b'|'.join(told)).hexdigest()[:12]}"


def is_made(place: Path) -> bool:
    """Whether it was made to its end."""
    return (place / MARK).is_file()


def make(place: Path, file: Path, progress: Callable[[str], None]) -> None:
    """Makes it, unless it is there; by one maker at a time, and what an interrupted one left is removed.

    Args:
        place: the folder.
        file: the pins.
        progress: told in a few words what is being done.

    Raises:
        TrainError: it could not be made; the text is one sentence.
    """
    if is_made(place):
        return
    if not PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        here = ".".join(map(str, sys.version_info[:2]))
        raise TrainError(f"xtuner 0.2.0 runs on Python 3.11 and 3.12, and this is {here}: use one of these.")
    with _one_maker(place):
        if is_made(place):  # another one made it meanwhile
            return
        if place.exists():
            progress(f"removing {place}, which was not made to its end")
            shutil.rmtree(place)
        free = shutil.disk_usage(place.parent).free
        if free < NEEDED_BYTES:
            raise TrainError(
                f"the environment needs {NEEDED_BYTES / 1e9:.0f} GB and {place.parent} has {free / 1e9:.1f} GB free: "
                "make room, or set PALMETTO_CACHE to a folder on a larger disk."
            )
        progress(f"making xtuner's environment in {place} (1 to 3 minutes)")
        _run([sys.executable, "-m", "venv", str(place)], "make a virtual environment")
        python = str(place / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--no-deps", "--require-hashes", "-r", str(file)], "install the pinned packages")
        progress(f"installing {TORCH}")
        _run([*pip, TORCH], f"install {TORCH}")
        cuda = _run([python, "-c", "import torch; print(torch.version.cuda or '')"], "load torch").strip()
        if cuda:
            _run([*pip, "--no-deps", TORCHVISION], f"install {TORCHVISION}")
        else:
            _stub_torchvision(python)
        _run([python, "-c", "import xtuner.tools.train, deepspeed"], "load xtuner")
        told = {"torch": TORCH, "cuda": cuda, "pins_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        (place / MARK).write_text(json.dumps(told) + "\n", "utf-8")


def _stub_torchvision(python: str) -> None:
    """A stand-in: xtuner imports torchvision for images only, and its wheel without CUDA is not everywhere."""
    found = _run([python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], "find its packages")
    folder = Path(found.strip()) / "torchvision"
    folder.mkdir()
    shutil.copyfile(_STUB, folder / "__init__.py")
    (folder / "transforms").mkdir()
    (folder / "transforms" / "__init__.py").write_text('"""A stand-in; see torchvision."""\n', "utf-8")
    (folder / "transforms" / "functional.py").write_text(
        '"""A stand-in; see torchvision."""\n\n\n'
        'class InterpolationMode:\n    """Named by xtuner, used for images only."""\n\n'
        '    BICUBIC = "bicubic"\n',
        "utf-8",
    )


@contextmanager
def _one_maker(place: Path) -> Iterator[None]:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = place.with_name(f".{place.name}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise TrainError(f"{place.parent} cannot be written ({error.strerror}): set PALMETTO_CACHE.") from error
    with lock:  # the kernel lets go of it when a maker dies
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], purpose: str) -> str:
    # The user's own site packages and PYTHONPATH would be found before what is pinned.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment |= {"PYTHONNOUSERSITE": "1", "DS_BUILD_OPS": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        said = [line for line in said if not line.startswith(("WARNING", "[notice]"))]
        raise TrainError(f"could not {purpose} ({' / '.join(said[-_ERROR_LINES:])[:600]}): see to it, then try again.")
    return done.stdout


def main() -> None:
    """Runs, and prints where the environment lies; a failure is one sentence and status 2."""
    parser = argparse.ArgumentParser(description="Makes the environment that xtuner lives in.")
    parser.add_argument("--into", type=Path, help="its folder; default: in the cache, named after the pins")
    parser.add_argument("--pins", type=Path, help="default: requirements/xtuner.txt of this checkout")
    given = parser.parse_args()
    try:
        file = given.pins or pins()
        place = given.into.resolve() if given.into else place_of(file)
        make(place, file, lambda words: print(f"palmetto: {words}", file=sys.stderr, flush=True))
    except (TrainError, OSError) as error:
        print(f"palmetto: {error}", file=sys.stderr)
        sys.exit(2)
    print(place)


if __name__ == "__main__":
    main()
