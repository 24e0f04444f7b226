"""Prepares, runs xtuner, watches it, and turns its last checkpoint into a model that is served."""

import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any, TextIO

from trainer import tiny
from trainer.data import DataSet, Example, Split, split_of
from trainer.errors import TrainError
from trainer.run import TINY, Progress, Report, TrainRequest, TrainResult
from trainer.templates import LLAMA3, TEMPLATES, ChatTemplate
from trainer.xtuner.config import read, written
from trainer.xtuner.environment import INSIDE, Environment, find_environment
from trainer.xtuner.numbers import Job, job_of, load, save, values_of
from trainer.xtuner.verify import verify
from trainer.xtuner.watch import PROGRESS, Follower, Watched, watch

FOLDER = "xtuner"
CONFIG = "config.py"
LOG = "train.log"
SUPPORT = "palmetto_xtuner.py"
TOO_LONG = "longer than the context"
_PREPARED, _READY, _RESULT = "prepared.json", "ready.json", "result.json"
_DTYPE = "bfloat16"
_POLL_S = 1.0


def train(request: TrainRequest, data: DataSet, report: Report) -> TrainResult:
    """Trains, or goes on with a training that ended early.

    Raises:
        TrainError: it cannot be done; `xtuner/train.log` in the folder has what xtuner printed.
    """
    folder = (request.out / FOLDER).resolve()
    if (done := load(folder / _RESULT)) is not None:
        return _result_of(request.out, done)
    environment = find_environment()
    job = job_of(request.gpus, environment.gpus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if job.rank == 0:
            told = _prepare(request, data, environment, folder, job, report)
        else:
            told = _awaited(folder / _READY, "the first node prepares the data", report, request.key)
        seen = _run(request, environment, folder, job, report)
        if job.rank:
            done = _awaited(folder / _RESULT, "the first node converts the model", report)
            return _result_of(request.out, done)
        about = _convert(request, environment, folder, job, report)
        return _finish(request, folder, told, seen, {**about, "device": _device(environment, job)})
    except OSError as error:
        raise TrainError(f"{request.out} cannot be written ({error.strerror or error}): make room there.") from error


def _prepare(
    request: TrainRequest, data: DataSet, environment: Environment, folder: Path, job: Job, report: Report
) -> dict[str, Any]:
    """Base model, data and configuration, unless an earlier run made them."""
    told = load(folder / _PREPARED)
    if told is None:
        report(Progress(note=f"preparing {data.examples} examples"))
        split = split_of(data, request.recipe.validation, request.seed)
        _spool(data, split, folder / "data")
        save(folder / "order.json", _order(request, folder))
        told = environment.asked("palmetto_prepare.py", [str(folder / "order.json")])
        told |= {
            "devices": job.devices,
            "validation_by": split.by,
            "held_out": sorted(split.held_out),
            "xtuner": environment.xtuner,
        }
        save(folder / _PREPARED, told)
    elif told["devices"] != job.devices and _last_checkpoint(folder) is not None:
        raise TrainError(
            f"the training was begun with {told['devices']} GPUs in all, and DeepSpeed's checkpoints are for as many: "
            f"{job.devices} are asked for now."
        )
    shutil.copyfile(INSIDE / SUPPORT, folder / SUPPORT)
    told |= {"devices": job.devices, "config": _configured(request, told, environment, folder, job, report)}
    save(folder / _PREPARED, told)
    save(folder / _READY, told | {"key": request.key})
    return told


def _configured(
    request: TrainRequest, told: dict[str, Any], environment: Environment, folder: Path, job: Job, report: Report
) -> str:
    """Writes the configuration; the hash of what was written.

    One that somebody has edited stays, and so does one that a checkpoint was made with.
    """
    file = folder / CONFIG
    text = written(values_of(request, told, folder, job, gpus=environment.gpus > 0))
    held = file.read_text("utf-8") if file.is_file() else None
    if held == text:
        return _hash(text)
    if held is not None and (_hash(held) != told.get("config") or _last_checkpoint(folder) is not None):
        report(Progress(note=f"{file} is not what these settings would write: it is taken as it is"))
        return str(told.get("config"))
    file.write_text(text, "utf-8")
    return _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _order(request: TrainRequest, folder: Path) -> dict[str, Any]:
    sizes = {"vocabulary": tiny.VOCABULARY, "model": tiny.SIZES} if request.base == TINY else None
    return {
        "folder": str(folder),
        "base": request.base,
        "tiny": sizes,
        "templates": {name: _told(one) for name, one in TEMPLATES.items()},
        "default_template": LLAMA3.name,
        "template": request.template,
        "max_length": request.recipe.max_length,
        "seed": request.seed,
    }


def _told(one: ChatTemplate) -> dict[str, Any]:
    return {
        "name": one.name,
        "begin": one.begin,
        "end": one.end,
        "tokens": list(one.special_tokens),
        "jinja": one.jinja(),
        "table": {**one.xtuner(), "ANSWER": one.answers},
    }


def _spool(data: DataSet, split: Split, folder: Path) -> None:
    """Conversations alone: fields of other kinds would be read by a library that guesses their types."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "train.all.jsonl").open("w", encoding="utf-8") as first,
        (folder / "validation.all.jsonl").open("w", encoding="utf-8") as second,
    ):
        for one in data:
            _write(one, second if split.holds_out(one) else first)


def _write(one: Example, out: TextIO) -> None:
    messages = [{"role": role, "content": content} for role, content in one.prompt]
    messages.append({"role": "assistant", "content": one.answer})
    out.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")


def _run(request: TrainRequest, environment: Environment, folder: Path, job: Job, report: Report) -> Watched:
    """Runs to the last iteration; nothing where it is done already."""
    values = read(folder / CONFIG)
    iterations, accumulate = int(values.get("iterations", 0)), int(values.get("accumulate", 1))
    last = _last_checkpoint(folder)
    if last is not None:
        if last.name == f"iter_{iterations}.pth":
            return Follower(folder / "work" / PROGRESS).seen
        report(Progress(note=f"going on from {last.name}"))
    log = folder / LOG
    command = launch(environment.python, folder / CONFIG, job, request.zero)
    seen = watch(command, environment.variables(), folder / "work", log, accumulate, report)
    if job.rank == 0:
        last = _last_checkpoint(folder)
        if last is None or last.name != f"iter_{iterations}.pth":
            found = "none" if last is None else last.name
            raise TrainError(f"xtuner ended, but its last checkpoint is {found} of {iterations} iterations: see {log}.")
        shards = len(list(last.glob("*_optim_states.pt")))
        if shards != job.devices or not any(last.glob("*model_states.pt")):
            raise TrainError(f"{last} has the states of {shards} of {job.devices} processes: is the disk full?")
    return seen


def launch(python: Path, config: Path, job: Job, zero: int) -> list[str]:
    """What `NPROC_PER_NODE=N xtuner train CONFIG --deepspeed deepspeed_zero1 --launcher pytorch` runs.

    `xtuner` itself would end with status 0 whatever happened.
    """
    where = ["--standalone"]
    if job.nodes > 1 or job.port:
        where = [f"--node_rank={job.rank}", f"--master_addr={job.address}", f"--master_port={job.port}"]
    return [
        str(python),
        "-m",
        "torch.distributed.run",
        f"--nnodes={job.nodes}",
        f"--nproc_per_node={job.processes}",
        *where,
        "-m",
        "xtuner.tools.train",
        str(config),
        "--deepspeed",
        f"deepspeed_zero{zero}",
        "--launcher",
        "pytorch",
    ]


def _last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end: DeepSpeed's folder `iter_N.pth`.

    mmengine notes its full path; where the folder was moved, the note is mended, or the training would begin anew.
    """
    note = folder / "work" / "last_checkpoint"
    try:
        named = Path(note.read_text("utf-8").strip())
    except OSError:
        return None
    found = folder / "work" / named.name
    if not found.is_dir():
        return None
    if named != found:
        note.write_text(str(found), "utf-8")
    return found


def _convert(request: TrainRequest, environment: Environment, folder: Path, job: Job, report: Report) -> dict[str, Any]:
    """Converts, verifies, and only then puts the files where the model is to be."""
    last = _last_checkpoint(folder)
    assert last is not None  # _run has looked
    report(Progress(note=f"converting {last.name}"))
    fresh = folder / "model"
    shutil.rmtree(fresh, ignore_errors=True)
    told = environment.asked("palmetto_convert.py", [str(last), str(folder / "base"), str(fresh), _DTYPE])
    parameters = verify(fresh, _DTYPE, told["names"])
    mode = (fresh / "config.json").stat().st_mode
    for one in sorted(fresh.iterdir()):
        one.chmod(mode)  # safetensors writes files for their owner alone
        one.replace(request.out / one.name)
    fresh.rmdir()
    return {
        "parameters": parameters,
        "dtype": _DTYPE,
        "processes": job.devices,
        "zero": request.zero,
        "xtuner": environment.xtuner,
        "torch": environment.torch,
        "transformers": environment.transformers,
    }


def _finish(
    request: TrainRequest, folder: Path, told: dict[str, Any], seen: Watched, about: dict[str, Any]
) -> TrainResult:
    accumulate = max(1, int(read(folder / CONFIG).get("accumulate", 1)))
    dropped = told["train"]["dropped"]
    done = {
        "steps": seen.iteration // accumulate,
        "examples": told["train"]["examples"],
        "tokens": told["train"]["tokens"],
        "dropped": {TOO_LONG: dropped} if dropped else {},
        "losses": [(at // accumulate, loss) for at, loss in sorted(seen.losses.items())],
        "eval_losses": [(at // accumulate, loss) for at, loss in sorted(seen.eval_losses.items())],
        "tokens_per_s": seen.tokens_per_s,
        "about": {
            "template": told["template"],
            "validation_by": told["validation_by"],
            "held_out": told["held_out"],
            "held_out_examples": told["validation"]["examples"],
            "packs": told["train"]["packs"],
            **about,
        },
    }
    save(folder / _RESULT, done)
    # The model is there: checkpoints are seven times its size. Configuration, data and log stay.
    shutil.rmtree(folder / "work", ignore_errors=True)
    shutil.rmtree(folder / "data" / "cache", ignore_errors=True)
    return _result_of(request.out, done)


def _result_of(out: Path, done: dict[str, Any]) -> TrainResult:
    curves = {name: [(int(at), float(loss)) for at, loss in done[name]] for name in ("losses", "eval_losses")}
    return TrainResult(out=out, **{**done, **curves})


def _device(environment: Environment, job: Job) -> str:
    return f"{job.devices} x {environment.device}" if job.devices > 1 else environment.device


def _awaited(file: Path, what: str, report: Report, key: str | None = None) -> dict[str, Any]:
    """What the first node writes; of the training with this key."""
    report(Progress(note=f"waiting: {what}"))
    while (found := load(file)) is None or (key is not None and found.get("key") != key):
        time.sleep(_POLL_S)
    return found
