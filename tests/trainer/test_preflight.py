"""What `palmetto train preflight` finds."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainer.errors import TrainError
from trainer.preflight import Finding, State, check
from trainer.preflight.findings import room
from trainer.preflight.machine import Gpu, free_disk_bytes, free_memory_bytes, gpus, parsed
from trainer.preflight.memory import Zero, checkpoint_bytes, deepspeed_memory, local_memory
from trainer.preflight.model import shape_from, shape_of
from trainer.preflight.versions import PINNED, judged
from trainer.run import Recipe, TrainRequest

from .xtuner_making import examples, write_data

GIGABYTE = 10**9
DEEPSEEK_7B = {
    "model_type": "llama",
    "vocab_size": 102400,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 30,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
}
LLAMA3_8B = {
    **DEEPSEEK_7B,
    "vocab_size": 128256,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
}
H100 = Gpu("NVIDIA H100 80GB HBM3", 81559 << 20, 81000 << 20, 9.0, "580.82.07")


# ---- Sizes


@pytest.mark.parametrize(("config", "parameters"), [(DEEPSEEK_7B, 6_910_365_696), (LLAMA3_8B, 8_030_261_248)])
def test_parameters_are_counted_as_published(config: dict[str, Any], parameters: int) -> None:
    assert shape_from(config, "base").parameters == parameters


def test_the_tiny_model_is_counted_as_it_is_made() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: `make models`")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed: `make models`")
    from trainer import tiny

    config = transformers.LlamaConfig(vocab_size=tiny.VOCABULARY, tie_word_embeddings=True, **tiny.SIZES)
    with torch.device("meta"):
        made = transformers.LlamaForCausalLM(config)
    assert shape_of("tiny").parameters == sum(one.numel() for one in made.parameters())


def test_models_of_other_kinds_and_broken_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="'gpt2'"):
        shape_from({"model_type": "gpt2"}, "base")
    with pytest.raises(TrainError, match="not whole"):
        shape_from({"model_type": "llama", "hidden_size": "much"}, "base")
    with pytest.raises(TrainError, match=r"no config.json"):
        shape_of(str(tmp_path))
    (tmp_path / "config.json").write_text("[1")
    with pytest.raises(TrainError, match="cannot be read"):
        shape_of(str(tmp_path))


def memory(zero: Zero, devices: int = 8, config: dict[str, Any] = DEEPSEEK_7B, sequences: int = 1) -> int:
    shape = shape_from(config, "base")
    return deepspeed_memory(shape, zero=zero, devices=devices, sequences=sequences, length=4096).total


def test_a_7b_model_fits_eight_gpus_of_80_gb_and_no_single_one() -> None:
    assert 45 * GIGABYTE < memory(Zero.OPTIMIZER) < 75 * GIGABYTE
    assert memory(Zero.OPTIMIZER, devices=1) > 150 * GIGABYTE


def test_each_stage_needs_less_and_divides_what_the_paper_says() -> None:
    """As the paper has it: 2 + 2 + K/N, 2 + (2 + K)/N, (4 + K)/N bytes a parameter."""
    shape = shape_from(DEEPSEEK_7B, "base")
    held = {zero: deepspeed_memory(shape, zero=zero, devices=64, sequences=1, length=4096) for zero in Zero}
    kept = 20  # its K is 12; the optimizer's own gradient and what it computes in between are 8 more
    for zero, bytes_a_parameter in (
        (Zero.OPTIMIZER, 4 + kept / 64),
        (Zero.GRADIENTS, 2 + (2 + kept) / 64),
        (Zero.WEIGHTS, (4 + kept) / 64),
    ):
        one = held[zero]
        found = (one.weights + one.gradients + one.optimizer) / shape.parameters
        assert found == pytest.approx(bytes_a_parameter, rel=1e-6)
    assert held[Zero.OPTIMIZER].total > held[Zero.GRADIENTS].total > held[Zero.WEIGHTS].total


def test_longer_and_more_sequences_and_keeping_activations_need_more() -> None:
    shape = shape_from(DEEPSEEK_7B, "base")

    def need(**how: Any) -> int:
        return deepspeed_memory(
            shape, **{"zero": Zero.OPTIMIZER, "devices": 8, "sequences": 1, "length": 4096, **how}
        ).total

    assert need() < need(sequences=2) < need(sequences=4)
    assert need(length=2048) < need()
    assert need(checkpointing=False) > need() + 10 * GIGABYTE


def test_the_engine_local_keeps_sixteen_bytes_a_parameter_and_more() -> None:
    shape = shape_from(DEEPSEEK_7B, "base")
    assert local_memory(shape, sequences=1, length=512, gpu=True).total > 16 * shape.parameters


def test_a_checkpoint_is_weights_copy_and_moments() -> None:
    assert checkpoint_bytes(shape_from(DEEPSEEK_7B, "base")) == 14 * 6_910_365_696


# ---- The machine


def test_what_nvidia_smi_lists_is_read() -> None:
    listing = (
        "NVIDIA H100 80GB HBM3, 81559, 81000, 9.0, 580.82.07\n"
        "NVIDIA A, B, 10, 9, 8.0, 535.1\nNo devices, [N/A], x, y, z\n"
    )
    assert parsed(listing) == [H100, Gpu("NVIDIA A, B", 10 << 20, 9 << 20, 8.0, "535.1")]
    assert parsed("No devices were found\n") == []


def test_nvidia_smi_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "$*" > "$0.asked"\necho \'H, 100, 90, 9.0, 580.1\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert gpus() == [Gpu("H", 100 << 20, 90 << 20, 9.0, "580.1")]
    assert "--id=2,3" in Path(f"{program}.asked").read_text()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == []


def test_memory_and_disk_of_this_machine_are_read(tmp_path: Path) -> None:
    free = free_memory_bytes()
    assert free is not None
    assert free > 10**8
    assert free_disk_bytes(tmp_path / "not" / "there" / "yet") > 0


def test_room_is_compared() -> None:
    assert room("disk", 1, 100, "x", "y").state is State.OK
    assert room("disk", 95, 100, "x", "y").state is State.WARNING
    found = room("disk", 101, 100, "x", "give more")
    assert (found.state, found.needed_bytes, found.there_bytes) == (State.FAILS, 101, 100)
    assert "give more" in found.told


# ---- Versions

GOOD: dict[str, str | None] = {**PINNED, "torch": "2.13.0+cu130", "cuda": "13.0"}


@pytest.mark.parametrize(
    ("changed", "driver", "state", "told"),
    [
        ({}, "580.82.07", State.OK, "xtuner 0.2.0"),
        ({"transformers": "5.23.0"}, "580.82.07", State.FAILS, "transformers 5.23.0 and not 4.48.0"),
        ({"deepspeed": None}, None, State.FAILS, "deepspeed missing"),
        ({}, "535.104.05", State.FAILS, "needs driver 580"),
        ({"cuda": None}, "580.82.07", State.FAILS, "without CUDA"),
        ({"cuda": None}, None, State.OK, "torch 2.13.0"),
    ],
)
def test_versions_are_judged(changed: dict[str, str | None], driver: str | None, state: State, told: str) -> None:
    found = judged({**GOOD, **changed}, driver)
    assert found.state is state
    assert told in found.told


# ---- All together


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data", examples(12))


def request(data: Path, tmp_path: Path, base: str = "tiny", max_length: int = 512, **changes: Any) -> TrainRequest:
    return TrainRequest(data, base, tmp_path / "out", Recipe("whole_proof", 3, 1e-5, max_length=max_length), **changes)


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {one.what: one for one in found}


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight H100s, and xtuner's environment as pinned: neither can be here."""
    monkeypatch.setattr("trainer.preflight.checks.gpus", lambda: [H100] * 8)
    monkeypatch.setattr("trainer.preflight.checks.xtuner_versions", lambda driver: judged(GOOD, driver))
    monkeypatch.setattr("trainer.preflight.checks.free_memory_bytes", lambda: 1000 * GIGABYTE)
    monkeypatch.setattr("trainer.preflight.checks.free_disk_bytes", lambda _: 1000 * GIGABYTE)


def base(tmp_path: Path, config: dict[str, Any] = DEEPSEEK_7B) -> str:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text(json.dumps(config))
    return str(tmp_path / "base")


def test_eight_gpus_are_enough_for_the_recipe(data: Path, tmp_path: Path, eight: None) -> None:
    asked = request(data, tmp_path, base(tmp_path), 4096, engine="xtuner", device_batch=1)
    found = by_name(check(asked))
    assert {name: one.told for name, one in found.items() if one.state is State.FAILS} == {}
    assert "8 (NVIDIA H100" in found["GPUs"].told
    assert "each of 8 GPUs, ZeRO-1, 1 x 4096 tokens" in found["GPU memory"].told
    assert "6.91 billion" in found["base"].told


def test_one_gpu_is_not_and_the_stage_that_would_do_is_named(data: Path, tmp_path: Path, eight: None) -> None:
    place = base(tmp_path, LLAMA3_8B)
    found = by_name(check(request(data, tmp_path, place, 4096, engine="xtuner", gpus=1)))
    assert found["GPU memory"].state is State.FAILS
    assert "or more GPUs" in found["GPU memory"].told
    found = by_name(check(request(data, tmp_path, place, 4096, engine="xtuner", gpus=4, device_batch=1)))
    assert found["GPU memory"].state is State.FAILS
    assert "ZeRO-2 needs" in found["GPU memory"].told or "ZeRO-3 needs" in found["GPU memory"].told


def test_more_gpus_than_there_are_and_too_long_a_context_fail(data: Path, tmp_path: Path, eight: None) -> None:
    found = by_name(check(request(data, tmp_path, base(tmp_path), 8192, engine="xtuner", gpus=16)))
    assert "8 are here" in found["GPUs"].told
    assert found["GPUs"].state is State.FAILS
    assert "made for 4096 tokens" in found["base"].told
    assert found["base"].state is State.FAILS


def test_a_small_disk_fails(data: Path, tmp_path: Path, eight: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.preflight.checks.free_disk_bytes", lambda _: 100 * GIGABYTE)
    found = by_name(check(request(data, tmp_path, base(tmp_path), 4096, engine="xtuner")))
    assert found["disk"].state is State.FAILS
    assert found["disk"].needed_bytes == (2 * 14 + 2) * 6_910_365_696


def test_old_gpus_fail(data: Path, tmp_path: Path, eight: None, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Gpu("Tesla V100", 32 << 30, 32 << 30, 7.0, "580.1")
    monkeypatch.setattr("trainer.preflight.checks.gpus", lambda: [old] * 8)
    found = by_name(check(request(data, tmp_path, base(tmp_path), 4096, engine="xtuner")))
    assert "no bfloat16" in found["GPUs"].told


def test_a_large_model_is_not_trained_on_a_cpu(
    data: Path, tmp_path: Path, eight: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.preflight.checks.gpus", list)
    found = by_name(check(request(data, tmp_path, base(tmp_path), 4096, engine="xtuner")))
    assert "use GPUs" in found["memory"].told
    assert found["memory"].state is State.FAILS


def test_examples_that_are_too_long_are_counted(data: Path, tmp_path: Path) -> None:
    assert by_name(check(request(data, tmp_path)))["lengths"].state is State.OK
    found = by_name(check(request(data, tmp_path, max_length=56)))["lengths"]
    assert found.state is State.WARNING
    assert "estimated by bytes" in found.told
    assert "nothing is left" in by_name(check(request(data, tmp_path, max_length=16)))["lengths"].told


def test_a_folder_of_somebody_elses_fails(data: Path, tmp_path: Path) -> None:
    assert "folder" not in by_name(check(request(data, tmp_path)))
    asked = replace(request(data, tmp_path), out=data)
    found = by_name(check(asked))["folder"]
    assert found.state is State.FAILS
    assert "holds no training" in found.told
    found = by_name(check(replace(asked, out=data / "train.jsonl")))["folder"]
    assert "cannot be used (Not a directory)" in found.told


def test_bad_lines_are_found_wherever_they_stand(data: Path, tmp_path: Path) -> None:
    file = data / "train.jsonl"
    whole = file.read_text("utf-8")
    file.write_text(whole + "{broken\n", "utf-8")
    assert "line 13" in by_name(check(request(data, tmp_path)))["data"].told
    file.write_text(whole + json.dumps({"messages": [{"role": "tool", "content": "x"}]}) + "\n", "utf-8")
    assert "messages" in by_name(check(request(data, tmp_path)))["data"].told
    file.write_text(whole.replace('"profile": "default"', '"profile": "coqgym"', 1), "utf-8")
    found = by_name(check(request(data, tmp_path)))["data"]
    assert "mixes prompt formats" in found.told
    assert found.state is State.FAILS


def preflight(*told: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "palmetto", "train", "preflight", *told]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_tells_a_table_and_json(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: `make models`")
    told = ["--data", str(data), "--base", "tiny", "--out", str(tmp_path / "out")]
    done = preflight(*told)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 examples of 2 projects" in " ".join(done.stdout.split())
    rows = [json.loads(line) for line in preflight(*told, "--json").stdout.splitlines()]
    assert {"packages", "GPUs", "base", "data", "lengths", "memory", "disk"} == {row["what"] for row in rows}
    assert not (tmp_path / "out").exists()


def test_the_command_ends_with_1_where_something_would_fail_and_with_2_where_it_cannot_look(
    data: Path, tmp_path: Path
) -> None:
    done = preflight("--data", str(tmp_path), "--base", "tiny", "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 1
    assert any(json.loads(line)["state"] == "fails" for line in done.stdout.splitlines())
    done = preflight("--data", str(data), "--base", "tiny", "--out", str(tmp_path / "out"), "--recipe", "no_such")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no_such" in done.stderr
