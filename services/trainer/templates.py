"""Chat templates, from one description each: the tokenizer's Jinja template, and xtuner's table.

What a model is trained on must be, token for token, what it is sent later. So there is one description of each
template, both forms are made from it, and tests compare the ids.
"""

from dataclasses import dataclass
from typing import Any

from trainer.errors import TrainError


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a conversation is written down.

    Attributes:
        name: as settings call it.
        begin: the token that a text begins with.
        system, user: text around a message's content, which stands in place of `{}`.
        asks: what stands before an answer; a prompt ends with it.
        answers: what an answer begins with that the prompt does not end with.
        end: the token that ends an answer.
        tokens: its special tokens, besides `begin` and `end`.
    """

    name: str
    begin: str
    system: str
    user: str
    asks: str
    answers: str
    end: str
    tokens: tuple[str, ...] = ()

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """All tokens that a tokenizer must know as one."""
        return (self.begin, self.end, *self.tokens)

    def jinja(self) -> str:
        """The tokenizer's chat template."""
        before = {"system": self.system.partition("{}"), "user": self.user.partition("{}")}
        parts = [f"{{{{ {_quoted(self.begin)} }}}}{{% for message in messages %}}"]
        for word, role in (("if", "system"), ("elif", "user")):
            first, _, last = before[role]
            parts.append(
                f"{{% {word} message['role'] == '{role}' %}}"
                f"{{{{ {_quoted(first)} + message['content'] + {_quoted(last)} }}}}"
            )
        parts.append(
            "{% elif message['role'] == 'assistant' %}"
            f"{{{{ {_quoted(self.asks + self.answers)} + message['content'] + {_quoted(self.end)} }}}}"
            "{% endif %}{% endfor %}"
        )
        parts.append(f"{{% if add_generation_prompt %}}{{{{ {_quoted(self.asks)} }}}}{{% endif %}}")
        return "".join(parts)

    def xtuner(self) -> dict[str, Any]:
        """The table that xtuner 0.2 calls a prompt template; `begin` is written by xtuner itself."""
        return {
            "SYSTEM": self.system.replace("{}", "{system}"),
            "INSTRUCTION": self.user.replace("{}", "{input}") + self.asks,
            "SUFFIX": self.end,
            "SUFFIX_AS_EOS": True,
            "STOP_WORDS": [self.end],
        }


def _quoted(text: str) -> str:
    """A literal of Jinja; `repr` may choose other quotes, but both languages read both."""
    return repr(text)


# Llama 3's, without its trimming of contents: a prompt's last line end is part of the prompt.
_LLAMA3_HEAD = "<|start_header_id|>{}<|end_header_id|>\n\n"
LLAMA3 = ChatTemplate(
    name="llama3",
    begin="<|begin_of_text|>",
    system=_LLAMA3_HEAD.format("system") + "{}<|eot_id|>",
    user=_LLAMA3_HEAD.format("user") + "{}<|eot_id|>",
    asks=_LLAMA3_HEAD.format("assistant"),
    answers="",
    end="<|eot_id|>",
    tokens=("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
)
# DeepSeek-LLM, -Math and -Prover: a prompt ends with `Assistant:` and the answer begins with a blank.
DEEPSEEK_MATH = ChatTemplate(
    name="deepseek_math",
    begin="<｜begin▁of▁sentence｜>",  # noqa: RUF001 - its own vertical lines
    system="{}\n\n",
    user="User: {}\n\n",
    asks="Assistant:",
    answers=" ",
    end="<｜end▁of▁sentence｜>",  # noqa: RUF001
)
TEMPLATES = {one.name: one for one in (LLAMA3, DEEPSEEK_MATH)}


def template_for(tokenizer: Any, name: str = "") -> ChatTemplate | None:
    """The template to give to a tokenizer; None where it keeps its own.

    Args:
        tokenizer: of the base model.
        name: what the settings say; empty: its own, or else the one whose tokens it knows.

    Raises:
        TrainError: there is no such template, or the tokenizer does not know its tokens, or nothing fits.
    """
    known = tokenizer.get_vocab()
    if name:
        found = TEMPLATES.get(name)
        if found is None:
            raise TrainError(f"there is no chat template {name!r}: choose one of {', '.join(TEMPLATES)}.")
        missing = [token for token in (found.begin, found.end) if token not in known]
        if missing:
            raise TrainError(f"the base model's tokenizer does not know {missing[0]}: {name} is not its template.")
        return found
    if tokenizer.chat_template:
        return None
    for one in TEMPLATES.values():
        if one.begin in known and one.end in known:
            return one
    raise TrainError(
        "the base model's tokenizer has no chat template and the tokens of none: take the model's instruct variant, "
        "or write a chat template into its tokenizer_config.json."
    )
