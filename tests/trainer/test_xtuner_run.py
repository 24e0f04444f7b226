"""A whole training with the pinned xtuner, through the command: killed, gone on with, converted, loaded.

Two processes on the CPU (gloo), DeepSpeed ZeRO-1: what `NPROC_PER_NODE=2 xtuner train CONFIG --deepspeed
deepspeed_zero1 --launcher pytorch` runs.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from trainer.errors import TrainError
from trainer.xtuner.engine import launch
from trainer.xtuner.environment import Environment
from trainer.xtuner.numbers import Job
from trainer.xtuner.watch import watch

from .test_xtuner_parts import gone
from .xtuner_making import environment_or_skip, examples, write_data

STEPS = 4
# A minute on an idle machine: seven processes load torch, and on a busy one that takes long.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def environment() -> Environment:
    return environment_or_skip()


def variables() -> dict[str, str]:
    return {**os.environ, "NPROC_PER_NODE": "2", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def command(data: Path, out: Path) -> list[str]:
    told = ["--data", str(data), "--base", "tiny", "--out", str(out), "--engine", "xtuner", "--max-length", "160"]
    told += ["--batch", "6", "--epochs", str(STEPS), "--checkpoint-steps", "1", "--validation", "0.1", "--lr", "0.005"]
    return [sys.executable, "-m", "palmetto", "train", *told]


@pytest.fixture(scope="module")
def out(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that was killed after its first checkpoint, and gone on with."""
    place = tmp_path_factory.mktemp("xtuner")
    data = write_data(place / "data", examples(6))
    asked = command(data, place / "out")
    first = subprocess.Popen(asked, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    note = place / "out" / "xtuner" / "work" / "last_checkpoint"
    while not note.exists():
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.1)
    launched = children(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert launched
    assert all(gone(pid) for pid in launched)
    done = subprocess.run(asked, env=variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + (place / "out" / "xtuner" / "train.log").read_text()[-3000:]
    assert "going on from iter_" in done.stderr
    return place / "out"


def children(pid: int) -> list[int]:
    """The children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


def record(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "palmetto.json").read_text("utf-8"))
    return found


def test_the_curve_has_every_step_of_both_runs(out: Path) -> None:
    told = record(out)
    assert [step for step, _ in told["losses"]] == list(range(1, told["steps"] + 1))
    assert told["losses"][-1][1] < told["losses"][0][1]
    assert told["eval_losses"]
    assert told["held_out_examples"] == 1


def test_the_model_is_whole_and_in_the_type_that_was_trained(out: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed: `make models`")
    model = transformers.AutoModelForCausalLM.from_pretrained(out)
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    assert str(model.dtype) == "torch.bfloat16"
    assert model.generation_config.eos_token_id == tokenizer.convert_tokens_to_ids("<|eot_id|>")
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "n"}], add_generation_prompt=True, tokenize=False
    )
    assert asked == (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nn<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert record(out)["parameters"] == sum(one.numel() for one in model.parameters())


def test_weights_have_changed_and_are_those_of_the_last_checkpoint(out: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed: `make models`")
    trained = transformers.AutoModelForCausalLM.from_pretrained(out).float().state_dict()
    begun = transformers.AutoModelForCausalLM.from_pretrained(out / "xtuner" / "base").state_dict()
    assert all(not trained[name].equal(begun[name]) for name in trained if "layernorm" not in name)


def test_the_configuration_stays_and_the_checkpoints_go(out: Path) -> None:
    kept = {one.name for one in (out / "xtuner").iterdir()}
    assert {"config.py", "palmetto_xtuner.py", "train.log"} <= kept
    assert "work" not in kept


def test_a_finished_training_is_not_done_again(out: Path) -> None:
    before = (out / "model.safetensors").stat().st_mtime_ns
    done = subprocess.run(
        command(out.parent / "data", out), env=variables(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, (out / "model.safetensors").stat().st_mtime_ns) == (0, before)
    assert "finished already" in done.stdout


def test_a_configuration_that_fails_ends_with_a_sentence(out: Path, environment: Environment, tmp_path: Path) -> None:
    """`xtuner train` would end with status 0."""
    config = tmp_path / "config.py"
    text = (out / "xtuner" / "config.py").read_text("utf-8")
    config.write_text(text.replace("iterations = ", "iterations = no_such_name + ", 1), "utf-8")
    asked = launch(environment.python, config, Job(1), 1)
    with pytest.raises(TrainError, match="NameError: name 'no_such_name' is not defined"):
        watch(asked, environment.variables(), tmp_path, tmp_path / "log", 1, lambda _: None)
