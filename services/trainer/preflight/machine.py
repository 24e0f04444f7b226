"""What this machine has: GPUs, memory, disk."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_QUERY = "name,memory.total,memory.free,compute_cap,driver_version"
_MEBIBYTE = 1 << 20
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU.

    Attributes:
        name: as its driver calls it.
        total_bytes, free_bytes: of its memory.
        capability: of its instructions, such as 9.0.
        driver: the driver's version.
    """

    name: str
    total_bytes: int
    free_bytes: int
    capability: float
    driver: str


def gpus() -> list[Gpu]:
    """The GPUs that may be used (CUDA_VISIBLE_DEVICES), by nvidia-smi; none where that is missing."""
    if shutil.which("nvidia-smi") is None:
        return []
    command = ["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and not visible.strip():
        return []
    if visible:
        command.append(f"--id={visible}")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parsed(done.stdout) if done.returncode == 0 else []


def parsed(listing: str) -> list[Gpu]:
    """What nvidia-smi listed: name, MiB in all, MiB free, capability, driver; lines of another form are left out."""
    found = []
    for line in listing.splitlines():
        try:
            name, total, free, capability, driver = (part.strip() for part in line.rsplit(",", 4))
            found.append(Gpu(name, int(total) * _MEBIBYTE, int(free) * _MEBIBYTE, float(capability), driver))
        except ValueError:
            continue
    return found


def free_memory_bytes() -> int | None:
    """Main memory that a new process may have: what the kernel says, or less where a control group says so."""
    try:
        told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("ascii").splitlines() if ":" in line)
        free = int(told["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    for place in _LIMITS:
        try:
            free = min(free, int(Path(place).read_text("ascii")))
        except (OSError, ValueError):
            continue
    return free


def free_disk_bytes(place: Path) -> int:
    """Room on the disk that a folder is on, or will be."""
    place = place.resolve()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
