"""The configuration's data set, template and schedule, built by the pinned xtuner, for each chat template."""

import itertools
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from trainer.data import open_data, split_of
from trainer.errors import TrainError
from trainer.run import Progress, Recipe, TrainRequest
from trainer.xtuner import engine
from trainer.xtuner.config import read
from trainer.xtuner.environment import Environment
from trainer.xtuner.numbers import Job

from .xtuner_making import environment_or_skip, examples, write_data

transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: `make models`", exc_type=ImportError
)
BUILD = Path(__file__).with_name("xtuner_build.py")
MAX_LENGTH = 160
COUNT = 24
pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Built:
    folder: Path
    told: dict[str, Any]
    packs: list[dict[str, list[int]]]
    rates: list[float]
    alone: float
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def environment() -> Environment:
    return environment_or_skip()


@pytest.fixture(scope="module", params=["llama3", "deepseek_math"])
def built(request: pytest.FixtureRequest, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Built:
    place = tmp_path_factory.mktemp(request.param)
    rows = examples(COUNT)
    rows[3]["messages"][1]["content"] += " (* long *)" * MAX_LENGTH  # type: ignore[index]
    rows[4]["messages"].insert(0, {"role": "system", "content": "Prove {it}."})  # type: ignore[attr-defined]
    asked = a_request(place, write_data(place / "data", rows), template=request.param)
    told = prepared(asked, environment)
    folder = asked.out / engine.FOLDER
    done = subprocess.run(
        [environment.python, BUILD, folder / engine.CONFIG],
        capture_output=True,
        text=True,
        check=False,
        env=environment.variables(),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return Built(folder, told, rows=rows, **json.loads(done.stdout.splitlines()[-1]))


def a_request(place: Path, data: Path, **changes: Any) -> TrainRequest:
    recipe = Recipe(
        "whole_proof", epochs=24, learning_rate=1e-3, warmup=0.2, batch=4, max_length=MAX_LENGTH, validation=0.1
    )
    return TrainRequest(data, changes.pop("base", "tiny"), place / "out", recipe, engine="xtuner", **changes)


def prepared(request: TrainRequest, environment: Environment) -> dict[str, Any]:
    folder = (request.out / engine.FOLDER).resolve()
    folder.mkdir(parents=True)
    return engine._prepare(request, open_data(request.data), environment, folder, Job(1), lambda _: None)


def conversations(built: Built) -> list[list[dict[str, str]]]:
    """What is to be trained on: without what is too long or held out."""
    return [row["messages"] for at, row in enumerate(built.rows) if at != 3 and row["project"] == "main"]


def test_training_ids_are_those_that_inference_sends(built: Built) -> None:
    # As the model server's hf backend makes them, with its own transformers.
    tokenizer = transformers.AutoTokenizer.from_pretrained(built.folder / "base")
    wanted = {}
    for *prompt, answer in conversations(built):
        sent = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"]
        wanted[tuple(sent)] = answer["content"]
    found = {}
    for pack in built.packs:
        bounds = pack["cumulative_len"]
        for begin, end in itertools.pairwise(bounds):
            ids, labels = pack["input_ids"][begin:end], pack["labels"][begin:end]
            masked = labels.count(-100)
            assert labels == [-100] * masked + ids[masked:]
            assert ids[-1] == tokenizer.eos_token_id
            assert tokenizer.eos_token_id not in ids[masked:-1]
            assert pack["position_ids"][begin:end] == list(range(end - begin))
            found[tuple(ids[:masked])] = tokenizer.decode(ids[masked:-1]).removeprefix(
                " " if built.told["template"] == "deepseek_math" else ""
            )
    assert found == wanted


def test_the_answer_begins_as_the_template_writes_it(built: Built) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(built.folder / "base")
    whole = tokenizer.apply_chat_template(conversations(built)[0], tokenize=False)
    texts = set()
    for pack in built.packs:
        bounds = pack["cumulative_len"]
        texts |= {tokenizer.decode(pack["input_ids"][b:e]) for b, e in itertools.pairwise(bounds)}
    assert whole in texts


def test_no_example_is_cut_or_lost(built: Built) -> None:
    assert all(len(pack["input_ids"]) <= MAX_LENGTH for pack in built.packs)
    assert sum(len(pack["cumulative_len"]) - 1 for pack in built.packs) == len(conversations(built))
    assert any(len(pack["cumulative_len"]) > 2 for pack in built.packs)
    assert len(built.packs) == built.told["train"]["packs"]
    assert built.told["train"]["dropped"] == 1
    assert built.told["validation"]["examples"] == COUNT // 6


def test_examples_of_a_sequence_do_not_see_each_other(built: Built) -> None:
    assert built.alone < 1e-4


def test_the_rate_rises_and_falls_as_a_cosine(built: Built) -> None:
    values = read(built.folder / engine.CONFIG)
    rise, last = values["warmup_iterations"], values["iterations"]
    assert len(built.rates) == last
    assert built.rates[0] < 1e-7
    assert built.rates[:rise] == sorted(built.rates[:rise])
    assert max(built.rates) == pytest.approx(1e-3)
    assert built.rates[rise:] == sorted(built.rates[rise:], reverse=True)
    assert built.rates[-1] < 1e-4


def test_a_checkpoint_of_transformers_5_keeps_its_rotary_base(
    built: Built, environment: Environment, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    tokenizer = transformers.AutoTokenizer.from_pretrained(built.folder / "base")
    tokenizer.save_pretrained(base)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        rope_parameters={"rope_type": "default", "rope_theta": 500000.0},
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(base)
    asked = a_request(tmp_path, write_data(tmp_path / "data", examples(6)), base=str(base))
    told = prepared(asked, environment)
    written = json.loads((asked.out / engine.FOLDER / "base" / "config.json").read_text("utf-8"))
    assert written["rope_theta"] == 500000.0
    # Its own template writes what ours does, so nobody had to name it.
    assert told["template"] == built.told["template"]
    assert (asked.out / engine.FOLDER / "base" / "model.safetensors").resolve() == (
        base / "model.safetensors"
    ).resolve()


def test_settings_change_the_configuration_until_somebody_edits_it(environment: Environment, tmp_path: Path) -> None:
    asked = a_request(tmp_path, write_data(tmp_path / "data", examples(6)), device_batch=1)
    told: list[Progress] = []
    prepared(asked, environment)
    file = asked.out / engine.FOLDER / engine.CONFIG

    def again(**changes: Any) -> None:
        folder = file.parent.resolve()
        engine._prepare(replace(asked, **changes), open_data(asked.data), environment, folder, Job(1), told.append)

    again(checkpoint_steps=3)
    assert read(file)["save_every"] == 3 * read(file)["accumulate"]
    assert told == []
    file.write_text(file.read_text("utf-8").replace("clip = 1.0", "clip = 0.5"), "utf-8")
    again(checkpoint_steps=4)
    assert (read(file)["clip"], read(file)["save_every"]) == (0.5, 3 * read(file)["accumulate"])
    assert "taken as it is" in told[-1].note


def test_a_template_that_is_not_the_bases_is_refused(built: Built, environment: Environment, tmp_path: Path) -> None:
    other = {"llama3": "deepseek_math", "deepseek_math": "llama3"}[built.told["template"]]
    data = write_data(tmp_path / "data", examples(6))
    asked = a_request(tmp_path, data, base=str(built.folder / "base"), template=other)
    with pytest.raises(TrainError, match="is not its template"):
        prepared(asked, environment)


def test_data_that_are_all_too_long_are_refused(environment: Environment, tmp_path: Path) -> None:
    asked = a_request(tmp_path, write_data(tmp_path / "data", examples(6)))
    asked = TrainRequest(asked.data, "tiny", asked.out, Recipe("whole_proof", 1, 1e-3, max_length=16), engine="xtuner")
    with pytest.raises(TrainError, match=r"all 5 are longer than 16 tokens"):
        prepared(asked, environment)


def test_a_split_is_the_one_of_the_other_engine(built: Built) -> None:
    data = open_data(built.folder.parents[1] / "data")
    assert built.told["held_out"] == sorted(split_of(data, 0.1, 0).held_out)
