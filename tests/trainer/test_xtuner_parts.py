"""The parts of the engine `xtuner` that need neither xtuner nor torch."""

import json
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainer.errors import TrainError
from trainer.run import Progress, Recipe, TrainRequest
from trainer.xtuner.config import RECIPE, read, written
from trainer.xtuner.engine import launch
from trainer.xtuner.environment import VARIABLE, find_environment
from trainer.xtuner.numbers import Job, job_of, schedule, values_of
from trainer.xtuner.verify import verify
from trainer.xtuner.watch import Follower, watch, why

PYTHON = sys.executable
NODES = ("NPROC_PER_NODE", "NNODES", "NODE_RANK", "ADDR", "PORT")


@pytest.fixture(autouse=True)
def one_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NODES:
        monkeypatch.delenv(name, raising=False)


# ---- The configuration


def test_values_take_the_place_of_the_recipes_own_and_all_else_stays() -> None:
    text = written(
        {"base": "/models/a'b", "max_length": 64, "prompt_template": {"SUFFIX": "<e>\n", "SUFFIX_AS_EOS": True}}
    )
    told: dict[str, object] = {}
    exec(
        text.split("sys.path.insert")[0]
        .replace("from ", "# ")
        .replace("import torch", "# ")
        .replace("import sys", "# "),
        told,
    )
    assert told["base"] == "/models/a'b"
    assert told["max_length"] == 64
    assert told["prompt_template"] == {"SUFFIX": "<e>\n", "SUFFIX_AS_EOS": True}
    own = RECIPE.read_text("utf-8").splitlines()
    kept = text.splitlines()
    # A value of several lines gave way to one of other lines; comments and the lower part are the recipe's.
    assert [line for line in own if line.startswith("#")] == [line for line in kept if line.startswith("#")]
    assert own[own.index("sys.path.insert(0, support)") :] == kept[kept.index("sys.path.insert(0, support)") :]


def test_a_value_that_the_recipe_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="no_such"):
        written({"no_such": 1})


def test_an_edited_configuration_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "config.py"
    file.write_text(written({"iterations": 7}).replace("iterations = 7\n", "iterations = 9  # mine\n"), "utf-8")
    assert read(file)["iterations"] == 9
    file.write_text("iterations = (", "utf-8")
    with pytest.raises(TrainError, match="mend it"):
        read(file)


# ---- Numbers


@pytest.mark.parametrize("packs", [1, 2, 7, 1000])
@pytest.mark.parametrize("devices", [1, 8])
@pytest.mark.parametrize("epochs", [0.1, 1.0, 3.0])
def test_every_schedule_has_a_rise_and_a_fall(packs: int, devices: int, epochs: float) -> None:
    recipe = Recipe("whole_proof", epochs=epochs, learning_rate=1e-5)
    found = schedule(recipe, {"examples": 5 * packs, "packs": packs}, 8, devices)
    assert found["iterations"] % found["accumulate"] == 0
    assert 2 <= found["warmup_iterations"] <= found["iterations"] - 2
    assert found["batch_size"] >= 1


def test_the_recipes_batch_is_reached_by_accumulation() -> None:
    recipe = Recipe("whole_proof", epochs=3, learning_rate=1e-5, batch=128)
    found = schedule(recipe, {"examples": 80_000, "packs": 20_000}, 8, 8)
    # Four examples a sequence: 2 sequences on each of 8 GPUs are 64 examples.
    assert (found["batch_size"], found["accumulate"]) == (2, 2)
    assert found["iterations"] == 3 * 20_000 // 8 // 2
    assert found["warmup_iterations"] == round(0.03 * found["iterations"])


def test_several_nodes_are_read_as_xtuner_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert job_of(None, 8) == Job(8)
    assert job_of(4, 8) == Job(4)
    assert job_of(None, 0) == Job(1)
    for name, value in zip(NODES, ("8", "2", "1", "10.0.0.1", "29500"), strict=True):
        monkeypatch.setenv(name, value)
    job = job_of(None, 8)
    assert (job.devices, job.rank) == (16, 1)
    command = " ".join(launch(Path("/e/bin/python"), Path("/o/config.py"), job, 1))
    assert "--nnodes=2 --nproc_per_node=8 --node_rank=1 --master_addr=10.0.0.1 --master_port=29500" in command
    assert command.endswith("-m xtuner.tools.train /o/config.py --deepspeed deepspeed_zero1 --launcher pytorch")
    monkeypatch.setenv("NODE_RANK", "2")
    with pytest.raises(TrainError, match="number the nodes from 0"):
        job_of(None, 8)
    monkeypatch.setenv("NODE_RANK", "1")
    monkeypatch.delenv("ADDR")
    with pytest.raises(TrainError, match="ADDR and PORT"):
        job_of(None, 8)


def test_more_gpus_than_are_here_are_refused() -> None:
    with pytest.raises(TrainError, match="8 GPUs are asked for and 2 are here"):
        job_of(8, 2)
    with pytest.raises(TrainError, match="8 GPUs are asked for and 0 are here"):
        job_of(8, 0)


def test_a_system_message_with_braces_survives_the_hooks_formatting(tmp_path: Path) -> None:
    prompts = [[{"role": "system", "content": "use {x}"}, {"role": "user", "content": "goal"}]]
    part = {"examples": 4, "packs": 2, "prompts": prompts}
    request = TrainRequest(tmp_path, "b", tmp_path, Recipe("whole_proof", 1, 1e-5))
    told = {"base": "b", "table": {}, "train": part, "validation": {"examples": 0, "packs": 0, "prompts": []}}
    found = values_of(request, told, tmp_path, Job(1), gpus=False)
    assert found["evaluation_system"].format() == "use {x}"
    assert found["validation_file"] is None


# ---- Watching


def line(iteration: int, **told: float) -> str:
    return json.dumps({"iteration": iteration, "iterations": 8, "time": 100.0 + iteration, **told}) + "\n"


def test_a_curve_goes_on_where_an_earlier_run_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    file.write_text("".join(line(at, loss=9.0 - at, tokens=50) for at in (1, 2, 3, 4)), "utf-8")
    follower = Follower(file)
    assert not follower.read()
    with file.open("a", encoding="utf-8") as out:  # it went back to the checkpoint of iteration 2
        out.write(line(3, loss=2.5, tokens=50) + line(4, loss=2.25, tokens=50) + line(4, validation_loss=2.0))
        out.write(line(5, loss=2.0, tokens=50)[:-9])  # not whole yet
    assert follower.read()
    assert follower.seen.losses == {1: 8.0, 2: 7.0, 3: 2.5, 4: 2.25}
    assert follower.seen.eval_losses == {4: 2.0}
    assert follower.seen.tokens_per_s == 50.0


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    cut = line(2, loss=2.0, tokens=50)[:20] + line(3, loss=1.5, tokens=50)
    (tmp_path / "progress.jsonl").write_text(line(1, loss=3.0, tokens=50) + cut + line(4, loss=1.0, tokens=50), "utf-8")
    assert Follower(tmp_path / "progress.jsonl").seen.losses == {1: 3.0, 4: 1.0}


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    (tmp_path / "progress.jsonl").write_text(line(1, loss=float("nan"), tokens=1), "utf-8")
    with pytest.raises(TrainError, match="smaller --learning-rate"):
        Follower(tmp_path / "progress.jsonl")


def run(script: str, tmp_path: Path, told: list[Progress]) -> None:
    (tmp_path / "run.py").write_text(script, "utf-8")
    watch([PYTHON, str(tmp_path / "run.py")], {"PATH": "/usr/bin"}, tmp_path, tmp_path / "train.log", 2, told.append)


def test_progress_is_told_in_steps(tmp_path: Path) -> None:
    told: list[Progress] = []
    lines = "".join(line(at, loss=1.0, tokens=10) for at in (2, 4, 6, 8))
    run(f"open({str(tmp_path / 'progress.jsonl')!r}, 'w').write({lines!r})", tmp_path, told)
    assert (told[-1].step, told[-1].steps, told[-1].loss) == (4, 4, 1.0)


def test_a_failure_is_one_sentence_with_the_cause(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"KeyError: 'here'.*train\.log"):
        run("{}['here']", tmp_path, [])


def test_a_failure_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("CUDA out of memory\n", "utf-8")
    with pytest.raises(TrainError, match="KeyError"):
        run("{}['here']", tmp_path, [])


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried\n", "--device-batch"),
        ("OSError: [Errno 28] No space left on device\n", "disk is full"),
        (
            "[rank0]: ValueError: no\n  x\ntorch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n",
            "ValueError: no",
        ),
        ("killed\n", "killed"),
        ("", "nothing"),
    ],
)
def test_causes_are_found_among_what_is_printed(text: str, cause: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(text, "utf-8")
    assert cause in why(tmp_path / "log")


def test_a_stall_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMETTO_TRAIN_STALL_S", "1")
    told: list[Progress] = []
    run("import time; time.sleep(4)", tmp_path, told)
    assert "no step for" in told[0].note


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    child = tmp_path / "child"

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    script = (
        "import subprocess, sys, time\n"
        f"one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(child)!r}, 'w').write(str(one.pid))\n"
        f"open({str(tmp_path / 'progress.jsonl')!r}, 'w').write({line(2, loss=1.0, tokens=1)!r})\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "run.py").write_text(script, "utf-8")
    with pytest.raises(KeyboardInterrupt):
        watch([PYTHON, str(tmp_path / "run.py")], {"PATH": "/usr/bin"}, tmp_path, tmp_path / "log", 2, interrupt)
    assert gone(int(child.read_text()))


def test_a_training_ends_with_the_command_that_watches_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    (tmp_path / "run.py").write_text(
        f"import os, time; open({str(pid)!r} + '.new', 'w').write(str(os.getpid())); "
        f"os.replace({str(pid)!r} + '.new', {str(pid)!r}); time.sleep(60)",
        "utf-8",
    )
    services = Path(__file__).parents[2] / "services"
    watcher = subprocess.Popen(
        [
            PYTHON,
            "-c",
            f"import sys; sys.path.insert(0, {str(services)!r}); from pathlib import Path; "
            f"from trainer.xtuner.watch import watch; p = Path({str(tmp_path)!r}); "
            "watch([sys.executable, str(p / 'run.py')], {}, p, p / 'log', 1, print)",
        ]
    )
    while not pid.exists():
        assert watcher.poll() is None
        time.sleep(0.05)
    watcher.send_signal(signal.SIGKILL)
    watcher.wait()
    assert gone(int(pid.read_text()))


def gone(pid: int) -> bool:
    """Whether it ends; a zombie has ended."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# ---- Verifying what was converted


def write_model(folder: Path, dtype: str = "BF16", cut: int = 0, config_dtype: str = "bfloat16") -> Path:
    folder.mkdir(exist_ok=True)
    head = json.dumps({"w": {"dtype": dtype, "shape": [2, 3], "data_offsets": [0, 12]}}).encode()
    (folder / "model.safetensors").write_bytes((struct.pack("<Q", len(head)) + head + b"\0" * 12)[: -cut or None])
    (folder / "config.json").write_text(json.dumps({"torch_dtype": config_dtype}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": "x"}))
    return folder


def test_a_whole_model_is_counted(tmp_path: Path) -> None:
    assert verify(write_model(tmp_path), "bfloat16", ["w"]) == 6


def test_models_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cut off"):
        verify(write_model(tmp_path, cut=1), "bfloat16", ["w"])
    with pytest.raises(TrainError, match="w is F16 and not BF16"):
        verify(write_model(tmp_path, "F16"), "bfloat16", ["w"])
    with pytest.raises(TrainError, match=r"config.json says float16"):
        verify(write_model(tmp_path, config_dtype="float16"), "bfloat16", ["w"])
    with pytest.raises(TrainError, match="v is missing"):
        verify(write_model(tmp_path), "bfloat16", ["v", "w"])
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(TrainError, match="no chat template"):
        verify(tmp_path, "bfloat16", ["w"])
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "gone.safetensors"}}))
    (tmp_path / "chat_template.jinja").write_text("x")
    with pytest.raises(TrainError, match=r"gone.safetensors cannot be read"):
        verify(tmp_path, "bfloat16", ["w"])


# ---- The environment


def test_without_an_environment_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(TrainError, match="make xtuner-env"):
        find_environment()


def test_an_environment_that_does_not_load_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'ModuleNotFoundError: no xtuner' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(TrainError, match="no xtuner"):
        find_environment()
