"""The hf backend with a tiny Llama that is made here: byte-level tokens, a chat template, random weights."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from openai import AsyncOpenAI, BadRequestError

from coqdata import prompts
from model_server.client import ModelClient, PrintingMismatchError, RefusedError
from model_server.server import ModelServerSettings, Running, ServeError, running

torch = pytest.importorskip("torch", reason="torch is not installed: `pip install palmetto[hf]`", exc_type=ImportError)
transformers = pytest.importorskip("transformers", reason="transformers is not installed", exc_type=ImportError)

TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
MESSAGES = prompts.render("sft", [("n", None, "nat")], "n + 0 = n")


def save_tiny_llama(folder: Path, *, template: str | None = TEMPLATE) -> None:
    """A Llama of some thousand random numbers."""
    from tokenizers import ByteLevelBPETokenizer

    texts = [one.content for one in MESSAGES] + ["```coq\nintros; induction n; simpl; auto.\nQed.\n```"] * 3
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocab_size=300, min_frequency=2, special_tokens=["<s>", "</s>"])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, bos_token="<s>", eos_token="</s>"
    )
    if template is not None:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    save_tiny_llama(folder)
    (folder / "palmetto.json").write_text(json.dumps({"layout": "sft", "printing": "coqgym"}))
    return folder


def settings(folder: Path, **more: Any) -> ModelServerSettings:
    return ModelServerSettings(
        listen="127.0.0.1:0", backend="hf", model=str(folder), device="cpu", batch=3, max_tokens=20, **more
    )


@pytest_asyncio.fixture
async def up(checkpoint: Path) -> AsyncIterator[Running]:
    async with running(settings(checkpoint)) as server:
        yield server


def plain() -> list[Any]:
    return [{"role": one.role, "content": one.content} for one in MESSAGES]


async def test_the_official_client_gets_answers(up: Running) -> None:
    async with AsyncOpenAI(base_url=up.url, api_key="none", max_retries=0) as client:
        (card,) = (await client.models.list()).data
        assert card.id == "tiny-llama"
        assert card.palmetto == {"backend": "hf", "layouts": ["sft"], "printing": "coqgym"}  # type: ignore[attr-defined]
        answer = await client.chat.completions.create(
            model="tiny-llama", messages=plain(), n=5, temperature=1.0, seed=7, metadata={"printing": "coqgym"}
        )
        texts = [one.message.content for one in answer.choices]
        assert len(texts) == 5
        assert len(set(texts)) == 5
        assert answer.usage is not None
        assert answer.usage.completion_tokens <= 5 * 20
        assert answer.usage.prompt_tokens > 20
        scores = [one.score for one in answer.choices]  # type: ignore[attr-defined]
        assert scores == sorted(scores, reverse=True)
        assert all(score < 0 for score in scores)


async def test_a_seed_decides(up: Running) -> None:
    async with ModelClient(up.url) as client:

        async def texts(seed: int | None, temperature: float = 1.0) -> list[str]:
            found = await client.complete(MESSAGES, n=4, temperature=temperature, seed=seed)
            return [one.text for one in found]

        first = await texts(1)
        assert await texts(1) == first
        assert await texts(2) != first
        assert await texts(None) != await texts(None)
        # At temperature 0 a beam search makes distinct answers, `batch` of them at the most.
        found = await client.complete(MESSAGES, n=4, temperature=0.0)
        assert len({one.text for one in found}) == 3
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert await client.complete(MESSAGES, n=4, temperature=0.0, seed=9) == found
        (cut,) = await client.complete(MESSAGES, n=1, temperature=0.0)
        assert cut.tokens <= 20


@pytest.mark.parametrize("least", [5e-324, 1e-320, 1e-40, 1e-9])
async def test_the_smallest_numbers_that_there_are(up: Running, least: float) -> None:
    """Numbers divided by them are none any longer."""
    async with httpx2.AsyncClient(timeout=60) as http:
        for more in ({"temperature": least}, {"temperature": 1.0, "top_p": least}):
            request = {"messages": plain(), "n": 2, "seed": 1, **more}
            answer = await http.post(f"{up.url}/chat/completions", json=request)
            assert answer.status_code == 200
            assert len(answer.json()["choices"]) == 2


async def test_scores_are_the_mean_log_probabilities(up: Running, checkpoint: Path) -> None:
    async with ModelClient(up.url) as client:
        answers = await client.complete(MESSAGES, n=60, temperature=1.0, seed=5, max_tokens=2)
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint).eval()
    prompt = tokenizer.apply_chat_template(plain(), add_generation_prompt=True, return_dict=True)["input_ids"]
    # A text may have other tokens than those that it was made of; not so where they lead back to each other.
    checked = 0
    for answer in answers:
        tokens = tokenizer(answer.text)["input_ids"]
        if len(tokens) != answer.tokens:
            continue
        with torch.inference_mode():
            logits = model(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 : -1]
        wanted = torch.log_softmax(logits, -1).gather(1, torch.tensor(tokens)[:, None]).mean()
        assert answer.score == pytest.approx(float(wanted), abs=1e-3)
        checked += 1
    assert checked


async def test_stop_ends_an_answer(up: Running) -> None:
    async with ModelClient(up.url) as client:
        (whole,) = await client.complete(MESSAGES, temperature=1.0, seed=11)
        assert len(whole.text) > 6
        stop = whole.text[4:6]
        (cut,) = await client.complete(MESSAGES, temperature=1.0, seed=11, stop=[stop])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.tokens < whole.tokens


async def test_length_ends_an_answer(up: Running) -> None:
    async with ModelClient(up.url) as client:
        answers = await client.complete(MESSAGES, n=3, temperature=1.0, seed=2, max_tokens=4)
    assert {one.finish_reason for one in answers} == {"length"}
    assert {one.tokens for one in answers} == {4}


async def test_a_completion_has_no_template(up: Running) -> None:
    async with AsyncOpenAI(base_url=up.url, api_key="none", max_retries=0) as client:
        answer = await client.completions.create(model="tiny-llama", prompt="intros", max_tokens=3, seed=1)
        assert answer.usage is not None
        assert answer.usage.prompt_tokens < 8
        assert answer.usage.completion_tokens == 3


async def test_another_printing_profile_is_refused(up: Running) -> None:
    async with AsyncOpenAI(base_url=up.url, api_key="none", max_retries=0) as client:
        with pytest.raises(BadRequestError, match="printed with the profile 'coqgym', not 'default'"):
            await client.chat.completions.create(model="tiny-llama", messages=plain(), metadata={"printing": "default"})
    async with ModelClient(up.url) as own:
        with pytest.raises(PrintingMismatchError):
            await own.complete(MESSAGES, metadata={"printing": "default"})


async def test_a_prompt_beyond_the_context_is_refused(up: Running) -> None:
    async with ModelClient(up.url) as client:
        with pytest.raises(RefusedError, match="the model's context 256") as caught:
            await client.complete(prompts.render("sft", [], "x + " * 500 + "x = 0"))
        assert caught.value.code == "context_length_exceeded"
        near = await client.complete(prompts.render("sft", [], "n" * 100), max_tokens=1000)
    assert near[0].tokens <= 256


async def test_a_client_that_goes_away_frees_the_model(checkpoint: Path) -> None:
    async with running(settings(checkpoint, max_n=1000)) as up:
        body = {"messages": plain(), "n": 1000, "max_tokens": 200, "temperature": 1.0}
        async with httpx2.AsyncClient(timeout=None) as http:
            asking = asyncio.create_task(http.post(f"{up.url}/chat/completions", json=body))
            base = up.url.removesuffix("/v1")
            while 'state="working"} 1.0' not in (await http.get(f"{base}/metrics")).text:
                await asyncio.sleep(0.02)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        async with ModelClient(up.url, timeout_s=60) as client:
            # A thousand answers of 200 tokens would take minutes.
            assert len(await client.complete(MESSAGES, max_tokens=2)) == 1


async def test_checkpoints_that_cannot_be_served(tmp_path: Path) -> None:
    async def why(folder: Path, **more: Any) -> str:
        with pytest.raises(ServeError) as caught:
            async with running(settings(folder, **more)):
                pass
        return str(caught.value)

    assert "is no checkpoint" in await why(tmp_path / "nothing")
    folder = tmp_path / "model"
    save_tiny_llama(folder)
    assert "nothing says how goals were printed" in await why(folder)
    (folder / "README.md").write_text("---\npalmetto_printing: coqgym\npalmetto_layout: sft\n---\n# A model\n")
    assert "was made for printing 'coqgym' and the settings say 'default'" in await why(folder, printing="default")
    (folder / "palmetto.json").write_text('{"printing": "pretty"}')
    assert "no printing profile 'pretty'" in await why(folder)
    (folder / "palmetto.json").write_text("[")
    assert "cannot be read" in await why(folder)
    (folder / "palmetto.json").write_text('{"printing": "default"}')
    assert "torch has no type 'float7'" in await why(folder, dtype="float7")
    (folder / "model.safetensors").write_bytes(b"none")
    assert "cannot be loaded on cpu" in await why(folder)


async def test_a_tokenizer_without_a_chat_template(tmp_path: Path) -> None:
    save_tiny_llama(tmp_path, template=None)
    async with running(settings(tmp_path, printing="default", name="bare")) as up, ModelClient(up.url) as client:
        with pytest.raises(RefusedError, match="no chat template") as caught:
            await client.complete(MESSAGES)
    assert caught.value.code == "no_chat_template"


async def test_a_template_that_refuses(tmp_path: Path) -> None:
    save_tiny_llama(tmp_path, template="{{ raise_exception('only users speak') }}")
    async with running(settings(tmp_path, printing="default")) as up, ModelClient(up.url) as client:
        with pytest.raises(RefusedError, match="only users speak"):
            await client.complete(MESSAGES)
