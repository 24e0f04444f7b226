"""Prepares, runs xtuner, watches it, and turns its last checkpoint into a model that is served."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, TextIO

from trainer import tiny
from trainer.data import DataSet, Example, Split, split_of
from trainer.errors import TrainError
from trainer.run import TINY, Progress, Report, TrainRequest, TrainResult
from trainer.templates import LLAMA3, TEMPLATES, ChatTemplate
from trainer.xtuner.checkpoints import iteration_of, last_checkpoint, shards_of
from trainer.xtuner.config import counts, written
from trainer.xtuner.environment import INSIDE, Environment, find_environment
from trainer.xtuner.nodes import awaited, heard
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


def train(request: TrainRequest, data: DataSet, report: Report) -> TrainResult:
    """Trains, or goes on with a training that ended early.

    Raises:
        TrainError: it cannot be done; `xtuner/train.log` in the folder has what xtuner printed.
    """
    folder = (request.out / FOLDER).resolve()
    if (done := load(folder / _RESULT)) is not None:
        return _result_of(request.out, folder, done)
    environment = find_environment()
    job = job_of(request.gpus, environment.gpus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if job.rank:
            awaited(folder / _READY, "the first node prepares the data", report, request.key)
            _run(request, environment, folder, job, report)
            done = awaited(folder / _RESULT, "the first node converts the model", report)
            return _result_of(request.out, folder, done)
        with heard(folder, job):
            told = _prepare(request, data, environment, folder, job, report)
            seen = _run(request, environment, folder, job, report)
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
    elif told["devices"] != job.devices and last_checkpoint(folder / "work") is not None:
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
    if held is not None and (_hash(held) != told.get("config") or last_checkpoint(folder / "work") is not None):
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
    iterations, accumulate = counts(folder / CONFIG)
    last = last_checkpoint(folder / "work", job.devices)
    if last is not None:
        if iteration_of(last) == iterations:
            return Follower(folder / "work" / PROGRESS).seen
        report(Progress(note=f"going on from {last.name}"))
    log = folder / LOG
    command = launch(environment.python, folder / CONFIG, job, request.zero)
    seen = watch(command, environment.variables(), folder / "work", log, accumulate, report)
    if job.rank == 0:
        last = last_checkpoint(folder / "work", job.devices)
        if last is None or iteration_of(last) != iterations:
            found = "none" if last is None else last.name
            raise TrainError(
                f"xtuner ended, but its last whole checkpoint is {found} of {iterations} iterations: is the disk full? "
                f"{log} has all that it printed."
            )
        if (shards := shards_of(last)) != job.devices:
            raise TrainError(f"{last} has the states of {shards} processes, and {job.devices} were run: see {log}.")
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


def _convert(request: TrainRequest, environment: Environment, folder: Path, job: Job, report: Report) -> dict[str, Any]:
    """Converts, verifies, and only then puts the files where the model is to be."""
    last = last_checkpoint(folder / "work")
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
    _, accumulate = counts(folder / CONFIG)
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
    return _result_of(request.out, folder, done)


def _result_of(out: Path, folder: Path, done: dict[str, Any]) -> TrainResult:
    # The model is there: checkpoints are seven times its size. Configuration, data and log stay.
    shutil.rmtree(folder / "work", ignore_errors=True)
    shutil.rmtree(folder / "data" / "cache", ignore_errors=True)
    curves = {name: [(int(at), float(loss)) for at, loss in done[name]] for name in ("losses", "eval_losses")}
    return TrainResult(out=out, **{**done, **curves})


def _device(environment: Environment, job: Job) -> str:
    return f"{job.devices} x {environment.device}" if job.devices > 1 else environment.device
