"""All that is looked at before a training."""

import os
from dataclasses import asdict
from pathlib import Path

from trainer.data import DataSet, open_data
from trainer.errors import TrainError
from trainer.folder import usable
from trainer.preflight.findings import Finding, State, fails, gigabytes, room
from trainer.preflight.lengths import lengths_of
from trainer.preflight.machine import Gpu, free_disk_bytes, free_memory_bytes, gpus
from trainer.preflight.memory import Memory, Zero, checkpoint_bytes, deepspeed_memory, local_memory
from trainer.preflight.model import Shape, shape_of
from trainer.preflight.versions import local_versions, xtuner_versions
from trainer.run import TINY, TrainRequest

XTUNER, LOCAL = "xtuner", "local"
_KEPT = 2  # checkpoints; the oldest goes before the next is written
_BF16_CAPABILITY = 8.0
_SHM = Path("/dev/shm")
_SHM_BYTES = 1_000_000_000
_LARGE = 1_000_000_000  # parameters beyond which nobody trains on a CPU


def check(request: TrainRequest) -> list[Finding]:
    """Looks at data, base model, packages, GPUs, memory and disk; nothing is written and nothing started.

    Args:
        request: the training.
    """
    if request.engine not in (XTUNER, LOCAL):
        return [fails("engine", f"there is no engine {request.engine!r}: choose local or xtuner.")]
    here = gpus()
    used = _used(request, here)
    found = [_versions(request, used), _devices(request, here)]
    try:
        shape = shape_of(request.base)
    except TrainError as error:
        return [*found, fails("base", str(error)), *_data(request)[0], *_folder(request)]
    found.append(_base(request, shape))
    read, sequences = _data(request)
    found += [*read, *_folder(request), *_memory(request, shape, used, sequences), _disk(request, shape)]
    if len(used) > 1:
        found.append(_shared_memory())
    return found


def _used(request: TrainRequest, here: list[Gpu]) -> list[Gpu]:
    if request.engine == LOCAL:
        return here[:1]
    return here if request.gpus is None else here[: request.gpus]


def _versions(request: TrainRequest, used: list[Gpu]) -> Finding:
    return local_versions() if request.engine == LOCAL else xtuner_versions(used[0].driver if used else None)


def _devices(request: TrainRequest, here: list[Gpu]) -> Finding:
    if request.gpus is not None and request.engine == XTUNER and request.gpus > len(here):
        return fails(
            "GPUs", f"--gpus {request.gpus}, and {len(here)} are here: give fewer, or see what nvidia-smi lists."
        )
    if not here:
        told = "none: the training runs on the CPU, which is for small models and for tests"
        return Finding("GPUs", State.OK if request.base == TINY else State.WARNING, told)
    names = sorted({one.name for one in here})
    told = f"{len(here)} ({', '.join(names)})"
    if request.engine == LOCAL and len(here) > 1:
        told += "; the engine local uses the first"
    old = [one for one in here if one.capability < _BF16_CAPABILITY]
    if old and request.engine == XTUNER:
        return fails("GPUs", f"{told}: {old[0].name} has no bfloat16; the recipe needs an A100, H100 or newer.")
    if len(names) > 1:
        return Finding("GPUs", State.WARNING, f"{told}: of several kinds, and all wait for the slowest")
    return Finding("GPUs", State.OK, told)


def _base(request: TrainRequest, shape: Shape) -> Finding:
    told = f"{shape.kind}, {shape.parameters / 1e9:.2f} billion parameters" if shape.parameters >= 1e8 else ""
    told = told or f"{shape.kind}, {shape.parameters / 1e6:.1f} million parameters"
    length = request.recipe.max_length
    if shape.context and length > shape.context:
        return fails("base", f"{told}; made for {shape.context} tokens, and --max-length is {length}: give no more.")
    return Finding("base", State.OK, told)


def _data(request: TrainRequest) -> tuple[list[Finding], float]:
    """Findings, and how many examples stand in one sequence of the engine `xtuner`."""
    try:
        data = open_data(request.data, request.layout, request.printing)
        found = [_format(data)]
        lengths = lengths_of(request, data)
    except TrainError as error:
        return [fails("data", str(error))], 1.0
    kept = lengths.examples - lengths.too_long
    how = "" if lengths.exact else " (estimated by bytes)"
    told = f"{lengths.too_long} of {lengths.examples} are longer than {request.recipe.max_length} tokens{how}"
    if not kept:
        return [*found, fails("lengths", f"{told}, so nothing is left: give a larger --max-length.")], 1.0
    if lengths.too_long:
        longest = f"{told}, and are left out; the longest has {lengths.longest}"
        found.append(Finding("lengths", State.WARNING, longest))
    else:
        found.append(Finding("lengths", State.OK, f"{told}; the longest has {lengths.longest}"))
    return found, max(1.0, request.recipe.max_length * kept / max(1, lengths.total))


def _folder(request: TrainRequest) -> list[Finding]:
    """Nothing where a training can be there; whether one that is there is the same one, is not looked at."""
    try:
        usable(request.out)
    except TrainError as error:
        return [fails("folder", str(error))]
    return []


def _format(data: DataSet) -> Finding:
    projects = f"{len(data.projects)} project{'s' if len(data.projects) > 1 else ''}"
    told = (
        f"{data.examples} examples of {projects}, layout {data.format.layout.name}, profile {data.format.printing.name}"
    )
    if len(data.projects) == 1 and len(data.files) == 1:
        return Finding("data", State.WARNING, f"{told}; of one file, so nothing can be held out")
    return Finding("data", State.OK, told)


def _memory(request: TrainRequest, shape: Shape, used: list[Gpu], together: float) -> list[Finding]:
    length = request.recipe.max_length
    sequences = min(request.device_batch, request.recipe.batch)
    if request.engine == XTUNER:
        sequences = max(1, int(request.device_batch / together))
    if not used:
        need = local_memory(shape, sequences=sequences, length=length, gpu=False)
        free = free_memory_bytes()
        if shape.parameters > _LARGE:
            return [
                fails("memory", f"{shape.parameters / 1e9:.1f} billion parameters are not trained on a CPU: use GPUs.")
            ]
        if free is None:
            return []
        return [room("memory", need.total, free, _parts(need), "give a smaller --device-batch or --max-length")]
    there = min(one.free_bytes for one in used)
    if request.engine == LOCAL:
        need = local_memory(shape, sequences=sequences, length=length, gpu=True)
        return [room("GPU memory", need.total, there, _parts(need), "give a smaller --device-batch or --max-length")]
    devices, zero = len(used) * _nodes(), Zero(request.zero)

    def at(stage: Zero) -> Memory:
        return deepspeed_memory(shape, zero=stage, devices=devices, sequences=sequences, length=length)

    need = at(zero)
    told = f"each of {devices} GPUs, ZeRO-{zero.value}, {sequences} x {length} tokens: {_parts(need)}"
    found = [
        room("GPU memory", need.total, there, told, _remedy([(one, at(one)) for one in Zero if one > zero], there))
    ]
    free = free_memory_bytes()
    if free is not None:
        # Each process reads the weights into main memory before it moves them.
        loading = len(used) * 2 * shape.parameters
        found.append(
            room(
                "memory", loading, free, f"{len(used)} processes load the weights", "give fewer --gpus, or more memory"
            )
        )
    return found


def _remedy(further: list[tuple[Zero, Memory]], there: int) -> str:
    for stage, need in further:
        if need.total < there:
            return f"ZeRO-{stage.value} needs {gigabytes(need.total)}; or give a smaller --device-batch or --max-length"
    return "give a smaller --device-batch or --max-length, or more GPUs"


def _parts(need: Memory) -> str:
    told = {name: size for name, size in asdict(need).items() if size}
    return ", ".join(f"{name} {gigabytes(size)}" for name, size in told.items())


def _disk(request: TrainRequest, shape: Shape) -> Finding:
    a_checkpoint = checkpoint_bytes(shape)
    weights = 2 * shape.parameters
    need = _KEPT * a_checkpoint + weights
    told = f"{_KEPT} checkpoints of {gigabytes(a_checkpoint)} and the model, {gigabytes(weights)}"
    try:
        there = free_disk_bytes(request.out)
    except OSError as error:
        return fails("disk", f"{request.out} cannot be looked at ({error.strerror}): give another --out.")
    return room("disk", need, there, told, "give another --out, or make room")


def _shared_memory() -> Finding:
    """NCCL talks through it between the GPUs of one machine; containers have 64 MB of it by default."""
    try:
        size = os.statvfs(_SHM).f_bsize * os.statvfs(_SHM).f_blocks
    except OSError:
        return Finding("shared memory", State.WARNING, f"{_SHM} is not there: NCCL may fail")
    if size < _SHM_BYTES:
        return Finding(
            "shared memory", State.WARNING, f"{_SHM} has {gigabytes(size)}: give the container more (--shm-size=16g)"
        )
    return Finding("shared memory", State.OK, f"{gigabytes(size)} at {_SHM}")


def _nodes() -> int:
    told = os.environ.get("NNODES", "1")
    return int(told) if told.isdigit() and int(told) else 1
