"""Reading data sets, splitting them, and what they are as ids."""

import json
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import DataSet, Encoder, open_data, pack, split_of
from trainer.data.tokens import IGNORED, TOO_LONG
from trainer.errors import TrainError
from trainer.templates import DEEPSEEK_MATH, LLAMA3, TEMPLATES, ChatTemplate, template_for

from .making import data_set, row, some_rows, tokenizer_for

transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: `make models`", exc_type=ImportError
)


@pytest.fixture(params=[LLAMA3, DEEPSEEK_MATH], ids=lambda one: one.name)
def template(request: pytest.FixtureRequest) -> ChatTemplate:
    found: ChatTemplate = request.param
    return found


@pytest.mark.parametrize("lines", [False, True])
def test_a_data_set_is_read_in_both_forms(tmp_path: Path, lines: bool) -> None:
    found = open_data(data_set(tmp_path, some_rows(8), lines=lines))
    assert (found.examples, found.projects) == (8, {f"project{at}": 2 for at in range(4)})
    assert (found.format.layout.name, found.format.printing.name) == ("sft", "default")
    assert found.licences == {"MIT": 8}
    examples = list(found)
    assert examples[1].answer == "```coq\nauto.\nQed.\n```"
    assert examples[1].prompt == (("user", "Solve This Proof State:\n\nHypotheses:\n\nGoal:\n1 + n = n + 1\n\n"),)
    again = open_data(tmp_path).fingerprint
    assert again == found.fingerprint
    data_set(tmp_path, some_rows(9), lines=lines)
    assert open_data(tmp_path).fingerprint != again


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no JSON array"),
        ("[]", "has no examples"),
        ("{}", "no JSON array"),
        ("[{]", "no JSON array"),
        ("[1]", "no prompt"),
        ('[{"messages": []}]', "no prompt"),
        ('[{"messages": [{"role": "user", "content": "a"}]}]', "no prompt"),
        ('[{"messages": [{"role": "assistant", "content": "a"}]}]', "no prompt"),
        ('[{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]}]', "no prompt"),
        ('[{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}]', "give --layout"),
    ],
)
def test_what_is_no_data_set_is_said(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(TrainError, match=says):
        open_data(tmp_path)


def test_half_a_character_is_said(tmp_path: Path) -> None:
    rows = [json.dumps(row("n = n", "auto.")).replace("auto", "au\\ud800to")]
    (tmp_path / "train.jsonl").write_text("\n".join(rows), "utf-8")
    with pytest.raises(TrainError, match="half a character"):
        open_data(tmp_path)


def test_formats_are_not_mixed_nor_guessed(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"no train\.json"):
        open_data(tmp_path)
    mixed = [row("a", "auto."), row("b", "auto.", profile="coqgym")]
    with pytest.raises(TrainError, match="mixes prompt formats"):
        open_data(data_set(tmp_path, mixed))
    with pytest.raises(TrainError, match="made with printing 'coqgym', not 'default'"):
        open_data(data_set(tmp_path, mixed[1:]), printing="default")
    bare = {"messages": mixed[0]["messages"]}
    found = open_data(data_set(tmp_path, [bare]), layout="sft", printing="coqgym")
    assert found.format.printing.name == "coqgym"
    (tmp_path / "train.json").unlink()
    (tmp_path / "train.jsonl").write_text('{"messages": 1}\nnothing\n')
    with pytest.raises(TrainError, match="no prompt"):
        open_data(tmp_path, layout="sft", printing="coqgym")


def test_whole_projects_are_held_out(tmp_path: Path) -> None:
    data = open_data(data_set(tmp_path, some_rows(40)))
    split = split_of(data, 0.25, seed=1)
    assert (split.by, len(split.held_out), split.examples) == ("project", 1, 10)
    held = [one for one in data if split.holds_out(one)]
    assert {one.project for one in held} == set(split.held_out) and len(held) == 10
    assert split_of(data, 0.25, seed=1) == split
    assert {split_of(data, 0.25, seed).held_out for seed in range(8)} != {split.held_out}
    assert split_of(data, 0.0, seed=1).examples == 0


def test_with_one_project_files_are_held_out(tmp_path: Path) -> None:
    data = open_data(data_set(tmp_path, [row(f"g{at}", "auto.", "one", f"F{at % 3}.v") for at in range(9)]))
    split = split_of(data, 0.1, seed=0)
    assert (split.by, len(split.held_out), split.examples) == ("file", 1, 3)
    alone = open_data(data_set(tmp_path, [row("g", "auto.")]))
    assert split_of(alone, 0.5, seed=0).by == "nothing"


@given(st.dictionaries(st.text("abcd", min_size=1, max_size=3), st.integers(1, 50), min_size=2), st.floats(0.01, 0.5))
def test_something_is_left_to_train_on(projects: dict[str, int], share: float) -> None:
    files = {(name, "F.v"): count for name, count in projects.items()}
    data = DataSet(Path("x"), sum(projects.values()), projects, files, None, "")  # type: ignore[arg-type]
    split = split_of(data, share, seed=3)
    assert 0 < split.examples < data.examples
    assert len(split.held_out) < len(projects)


def test_ids_in_training_are_those_that_inference_sends(tmp_path: Path, template: ChatTemplate) -> None:
    """By ids, not by text: a tokenizer may join the prompt's end with the answer's beginning."""
    data = open_data(data_set(tmp_path, some_rows(40)))
    tokenizer = tokenizer_for(template, [text for one in data for text in (one.prompt[0][1], one.answer)])
    encoder = Encoder(tokenizer)
    packed = pack(data, encoder, tmp_path / "work" / "ids", 4096)
    for at, one in enumerate(data):
        asked = [{"role": role, "content": content} for role, content in one.prompt]
        sent = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True)["input_ids"]
        row = packed[at]
        masked = sum(label == IGNORED for label in row["labels"])
        assert row["input_ids"][:masked] == list(sent)
        assert row["labels"][masked:] == row["input_ids"][masked:]
        answer = row["input_ids"][masked:]
        assert answer == tokenizer(template.answers + one.answer, add_special_tokens=False)["input_ids"] + [
            tokenizer.eos_token_id
        ]
        # What the model says is read back as the proof.
        assert tokenizer.decode(answer[:-1]).strip() == one.answer
    assert template_for(tokenizer) is None  # it has its own


def test_the_jinja_template_writes_what_the_description_says(template: ChatTemplate) -> None:
    tokenizer = tokenizer_for(template, ["n + 0 = n"] * 4)
    talk = [("system", "Be brief."), ("user", "Prove {n} 'it' \"now\"\n\n"), ("assistant", "auto.")]
    messages = [{"role": role, "content": content} for role, content in talk]
    prompt = (
        template.begin
        + template.system.replace("{}", "Be brief.")
        + template.user.replace("{}", talk[1][1])
        + template.asks
    )
    written = tokenizer.apply_chat_template(messages[:2], add_generation_prompt=True, tokenize=False)
    assert written == prompt
    assert tokenizer.apply_chat_template(messages, tokenize=False) == f"{prompt}{template.answers}auto.{template.end}"
    table = template.xtuner()
    xtuner = table["SYSTEM"].format(system="Be brief.") + table["INSTRUCTION"].format(input=talk[1][1])
    assert template.begin + xtuner == prompt


def test_prompts_of_deepseek_end_without_a_blank() -> None:
    assert DEEPSEEK_MATH.asks == "Assistant:" and DEEPSEEK_MATH.xtuner()["INSTRUCTION"].endswith("Assistant:")


def test_templates_fit_tokenizers() -> None:
    tokenizer = tokenizer_for(LLAMA3, ["a b"] * 4)
    tokenizer.chat_template = None
    assert template_for(tokenizer) is LLAMA3
    with pytest.raises(TrainError, match="does not know"):
        template_for(tokenizer, "deepseek_math")
    with pytest.raises(TrainError, match=f"choose one of {', '.join(TEMPLATES)}"):
        template_for(tokenizer, "chatml")
    odd = ChatTemplate("odd", "<s>", "{}", "{}", ":", "", "</s>")
    other = tokenizer_for(odd, ["a b"] * 4)
    other.chat_template = None
    with pytest.raises(TrainError, match="no chat template"):
        template_for(other)


def test_what_is_too_long_is_dropped_whole_and_counted(tmp_path: Path) -> None:
    rows = [*some_rows(6), row("n = n", "idtac. " * 300 + "auto.")]
    data = open_data(data_set(tmp_path, rows))
    tokenizer = tokenizer_for(LLAMA3, [one.answer for one in data])
    encoder = Encoder(tokenizer)
    lengths = [sum(map(len, encoder.encode(one))) for one in data]
    packed = pack(data, encoder, tmp_path / "w" / "ids", max(lengths[:-1]))
    assert (len(packed), packed.dropped) == (6, {TOO_LONG: 1})
    assert all(packed[at]["input_ids"][-1] == tokenizer.eos_token_id for at in range(6))
    assert packed.tokens == sum(lengths[:-1])
    assert len(pack(data, encoder, tmp_path / "none" / "ids", 16)) == 0


_READ = """
import resource, sys
from pathlib import Path
from trainer.data import open_data
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = open_data(Path(sys.argv[1]))
count = sum(1 for _ in data)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("lines", [False, True])
def test_reading_is_streaming(tmp_path: Path, lines: bool) -> None:
    assert resource.getpagesize() > 0
    made = row("0 = 0", "idtac. " * 1000 + "auto.")  # a long proof, written once: the extractor is not tested here
    rows = ({**made, "project": f"p{at % 7}"} for at in range(8000))
    folder = data_set(tmp_path, rows, lines=lines)
    size = sum(one.stat().st_size for one in folder.iterdir())
    done = subprocess.run([sys.executable, "-c", _READ, folder], capture_output=True, text=True, check=True)
    count, growth_kb = map(int, done.stdout.split())
    assert count == 8000
    assert size > 50 << 20 and growth_kb << 10 < size / 4


def test_projects_are_counted_by_row(tmp_path: Path) -> None:
    data = open_data(data_set(tmp_path, some_rows(12)))
    assert Counter(one.project for one in data) == data.projects
    assert json.loads((tmp_path / "train.json").read_text())[0]["project"] == "project0"
