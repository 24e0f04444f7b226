"""`palmetto train --engine local`: progress, cards, going on after a kill, and what cannot be trained."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model_server.backends.checkpoint import CheckpointError, format_of
from trainer.plot import curve
from trainer.templates import LLAMA3

from .making import data_set, row, some_rows, tokenizer_for

pytest.importorskip("torch", reason="torch is not installed: `make models`", exc_type=ImportError)
pytest.importorskip("transformers", reason="transformers is not installed: `make models`", exc_type=ImportError)
pytest.importorskip("accelerate", reason="accelerate is not installed: `make models`", exc_type=ImportError)

PALMETTO = str(Path(sys.executable).parent / "palmetto")


def command(data: Path, out: Path, *more: str) -> list[str]:
    return [PALMETTO, "train", "--data", str(data), "--base", "tiny", "--out", str(out), "--max-length", "256", *more]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=280, env=offline)


@pytest.mark.timeout(300)
def test_a_training_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    data = data_set(tmp_path / "data", [*some_rows(24), row("n = n", "idtac. " * 300 + "auto.")])
    more = ("--epochs", "4", "--checkpoint-steps", "2", "--validation", "0.25")
    argv = command(data, tmp_path / "out", *more)
    begun = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert begun.stderr is not None
    for line in begun.stderr:
        found = re.match(r"step (\d+)/(\d+): loss \d", line)
        if found and int(found[1]) >= 5:
            break
    else:
        pytest.fail("it ended before it was killed")
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    begun.stderr.close()
    assert not (tmp_path / "out" / "palmetto.json").exists()
    # The last checkpoint is damaged, and a later one was cut off while it was written.
    places = sorted((tmp_path / "out" / "checkpoints").glob("checkpoint-*"), key=lambda one: int(one.name[11:]))
    assert len(places) == 2
    with (places[-1] / "model.safetensors").open("r+b") as weights:
        weights.truncate(1000)
    shutil.copytree(places[0], places[0].with_name("checkpoint-11"))
    (places[0].with_name("checkpoint-11") / "trainer_state.json").unlink()

    done = run(*argv)
    assert done.returncode == 0, done.stderr
    gone_on = re.findall(r"going on from checkpoint-(\d+)", done.stderr)
    assert gone_on == [places[1].name[11:], places[0].name[11:]] and "is damaged" in done.stderr
    assert re.search(r"step 12/12: loss [\d.]+, [\d,]+ tokens/s, 0 s left", done.stderr), done.stderr
    assert "1 left out: longer than the context" in done.stdout

    record = json.loads((tmp_path / "out" / "palmetto.json").read_text())
    assert (record["layout"], record["printing"], record["steps"]) == ("sft", "default", 12)
    assert [step for step, _ in record["losses"]] == list(range(1, 13))
    assert record["losses"][-1][1] < record["losses"][0][1]
    assert record["validation_by"] == "project" and record["eval_losses"]
    assert (record["examples"], record["held_out_examples"]) == (18, 6)
    assert record["dropped"] == {"longer than the context": 1}
    card = (tmp_path / "out" / "README.md").read_text()
    for told in (
        record["data_sha256"],
        "printing profile | default",
        "prompt layout | sft",
        "![loss](loss.svg)",
        "12 of",
    ):
        assert told in card
    assert (tmp_path / "out" / "loss.svg").read_text().startswith("<svg")
    assert not (tmp_path / "out" / "checkpoints").exists() and (tmp_path / "out" / "model.safetensors").is_file()

    # The model server takes it as it was trained, and no other way.
    assert format_of(tmp_path / "out", "", "").printing.name == "default"
    with pytest.raises(CheckpointError, match="made for printing 'default'"):
        format_of(tmp_path / "out", "", "coqgym")

    again = run(*argv)
    assert again.returncode == 0 and "finished already" in again.stdout
    other = run(*argv, "--seed", "5")
    assert other.returncode == 2 and "holds another training" in other.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("--data", "no_such_folder"), "no train.json or train.jsonl"),
        (("--base", "no_such_folder/model"), "cannot be loaded"),
        (("--recipe", "nothing"), "choose one of whole_proof"),
        (("--engine", "nothing"), "choose local or xtuner"),
        (("--template", "nothing"), "choose one of llama3"),
        (("--epochs", "inf"), "--epochs is inf: give a number above 0"),
        (("--lr", "0"), "--learning-rate is 0: give a number above 0"),
        (("--max-length", "16"), "no example is left"),
        (("--printing", "coqgym"), "made with printing 'default'"),
    ],
)
def test_what_cannot_be_trained_is_said(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    data = data_set(tmp_path / "data", some_rows(4))
    done = run(*command(data, tmp_path / "out"), *change)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("palmetto: ")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    data = data_set(tmp_path / "data", some_rows(4))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    done = run(*command(data, tmp_path / "out"))
    assert done.returncode == 2 and "is not empty" in done.stderr
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["thesis.tex"]
    done = run(PALMETTO, "train", "--base", "tiny")
    assert done.returncode == 2 and "give --data, --base and --out" in done.stderr


def test_what_ended_before_its_first_checkpoint_does_not_keep_the_folder(tmp_path: Path) -> None:
    data = data_set(tmp_path / "data", some_rows(4))
    wrong = run(*command(data, tmp_path / "out", "--base", "no_such_folder/model"))
    assert wrong.returncode == 2 and (tmp_path / "out" / "training.json").is_file()
    right = run(*command(data, tmp_path / "out", "--epochs", "1"))
    assert right.returncode == 0, right.stderr
    other = run(*command(data, tmp_path / "out", "--epochs", "2"))
    assert other.returncode == 2 and "holds another training" in other.stderr


def test_bases_that_cannot_be_trained_are_refused(tmp_path: Path) -> None:
    import transformers

    asked = [{"role": "system", "content": "Prove it."}, {"role": "user", "content": "n = n"}]
    rows = [{**one, "messages": [*asked, {"role": "assistant", "content": "auto."}]} for one in some_rows(4)]
    data = data_set(tmp_path / "data", rows)
    tokenizer = tokenizer_for(LLAMA3, [json.dumps(rows)])
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=len(tokenizer) - 1, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "base")
    tokenizer.save_pretrained(tmp_path / "base")
    told = command(data, tmp_path / "out", "--base", str(tmp_path / "base"))
    done = run(*told)
    assert done.returncode == 2 and f"{len(tokenizer)} tokens, the model {len(tokenizer) - 1}" in done.stderr

    config.vocab_size = len(tokenizer)
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path / "base")
    tokenizer.chat_template = "{{ raise_exception('no system, please') }}"
    tokenizer.save_pretrained(tmp_path / "base")
    done = run(*told)
    assert done.returncode == 2 and "takes no such prompt (no system, please)" in done.stderr
    assert run(*told, "--template", "llama3", "--epochs", "1").returncode == 0


def test_examples_longer_than_the_base_can_read_are_refused(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps({"model_type": "llama", "max_position_embeddings": 128}))
    data = data_set(tmp_path / "data", some_rows(8))
    ended = run(*command(data, tmp_path / "out", "--base", str(base)))
    assert ended.returncode == 2
    assert "made for 128 tokens, and --max-length is 256" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_preflight_takes_what_train_takes(tmp_path: Path) -> None:
    more = ("--epochs", "2", "--lr", "1e-3", "--validation", "0.25", "--checkpoint-steps", "5", "--seed", "3")
    argv = command(data_set(tmp_path / "data", some_rows(8)), tmp_path / "out", *more)
    ended = run(argv[0], "train", "preflight", *argv[2:])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_training_that_diverges_ends_so(tmp_path: Path) -> None:
    data = data_set(tmp_path / "data", some_rows(8))
    done = run(*command(data, tmp_path / "out", "--epochs", "4", "--lr", "1e12"))
    assert done.returncode == 2 and "smaller --learning-rate" in done.stderr
    assert not (tmp_path / "out" / "palmetto.json").exists()


def test_two_trainings_do_not_share_a_folder(tmp_path: Path) -> None:
    data = data_set(tmp_path / "data", some_rows(8))
    first = subprocess.Popen(command(data, tmp_path / "out", "--epochs", "500"), stderr=subprocess.PIPE, text=True)
    try:
        assert first.stderr is not None and "tokenizing" in first.stderr.readline()
        done = run(*command(data, tmp_path / "out", "--epochs", "500"))
        assert done.returncode == 2 and "another training is under way" in done.stderr
    finally:
        first.kill()
        first.communicate()


def test_a_curve_is_drawn() -> None:
    drawn = curve([(1, 4.0), (2, 2.0), (3, 1.0)], [(3, 1.5)])
    assert drawn.count("<polyline") == 2 and "held out" in drawn
    assert "4.000 at first, 1.000 at last" in drawn
    assert "no loss is known" in curve([])
