"""The retriever's and the model server's clients as the ports that the core asks."""

import contextlib
import re
from collections.abc import AsyncIterator

from coq_checker.client import CheckerClient, CheckerError, FreeStatement, TheoremRef
from coqdata.prompts import INSTRUCT, LAYOUTS, TACTIC, Context, Known, KnownProof, Layout, ProofState
from coqdata.theorem import theorems
from model_server.client import ModelClient, ModelError, check_printing
from prover.ports import Answers, Format, HelperError, ModelPort, Premises, Proposal, Question, RetrieverPort
from retriever.client import Hypothesis, Kind, Position, RetrieverClient, RetrieverError
from retriever.client import Question as Asked

_REQUIRE = re.compile(r"(?:From\s+(?P<root>[\w.]+)\s+)?Require\s+(?:Import\s+|Export\s+)?(?P<names>[\w.\s]*?)\.(?=\s)")
_ASSUMED = re.compile(r"^\s*(?:Axiom|Parameter|Hypothesis|Conjecture)\s+([\w']+)\s*:(.*?)\.(?=\s|$)", re.M | re.S)
_WORD = re.compile(r"[^\W\d][\w']*|[^\w\s()]+")
# Premises from the text before a free statement, at the most.
_STATED = 8
_TEMPERATURE = 0.8
# Whole proofs that a model is asked for: one that draws them, and one whose answers cost nothing.
_SAMPLES, _RANKED = 4, 16
# Similar proofs shown in a prompt.
_SIMILAR = 5
# Premises and definitions that are asked for; the prompt's budget decides how many are shown.
_HELPS = 30


class _Places:
    """Where targets stand, as the retriever wants it said."""

    def __init__(self, checker: CheckerClient) -> None:
        self._checker = checker
        self._known: dict[TheoremRef, Position] = {}

    async def of(self, target: TheoremRef | FreeStatement) -> Position:
        """The position of a target.

        Raises:
            HelperError: the checker does not know it.
        """
        if isinstance(target, FreeStatement):
            return Position(project=target.project, requires=requires(target.context))
        if target not in self._known:
            try:
                theorem = await self._checker.theorem(target)
            except CheckerError as error:
                raise HelperError(str(error)) from error
            self._known[target] = Position(theorem.project, theorem.file, theorem.start)
        return self._known[target]


def requires(context: str) -> tuple[str, ...]:
    """Logical names of the libraries that a text requires."""
    found: list[str] = []
    for match in _REQUIRE.finditer(context + "\n"):
        root = match["root"]
        found += [f"{root}.{name}" if root else name for name in match["names"].split()]
    return tuple(dict.fromkeys(found))


def stated(context: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Theorems and assumptions of a text, the last one first, each with the words of what it says."""
    source = context.encode()
    found = [
        (one.start, one.qualified_name, source[one.start : one.statement_end].decode(errors="replace"))
        for one in theorems(source)
    ]
    found += [(len(context[: match.start()].encode()), match[1], match[2]) for match in _ASSUMED.finditer(context)]
    ordered = sorted(found, key=lambda one: -one[0])
    return tuple((name, frozenset(_WORD.findall(text))) for _, name, text in ordered)


class RetrieverAdapter:
    """A retriever's client as a port."""

    def __init__(self, client: RetrieverClient, checker: CheckerClient) -> None:
        self._client = client
        self._places = _Places(checker)
        self._own: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {}

    async def premises(self, question: Question, count: int) -> Premises:
        """Premises and definitions for the goal."""
        position = await self._places.of(question.target)
        asked = _asked(question, position, (Kind.PREMISE, Kind.DEFINITION), count)
        try:
            answer = await self._client.retrieve(asked)
        except RetrieverError as error:
            raise HelperError(str(error)) from error
        found = (one.short_name or one.name for one in answer.premises)
        problems = [f"no index has {', '.join(answer.missing_libraries)}."] if answer.missing_libraries else []
        problems += filter(None, [answer.of_another(question.coq_version, position.project, question.target.toolchain)])
        return Premises(
            names=tuple(dict.fromkeys((*self._stated(question), *found))),
            definitions=tuple(one.short_name or one.name for one in answer.definitions),
            problem=" ".join(problems),
        )

    def _stated(self, question: Question) -> tuple[str, ...]:
        """What the text before a free statement states itself, nearest first: no index has it."""
        target = question.target
        if not isinstance(target, FreeStatement):
            return ()
        if target.context not in self._own:
            self._own = {target.context: stated(target.context)}
        asked = set(_WORD.findall(question.goal.conclusion))
        near = sorted(self._own[target.context], key=lambda one: -len(asked & one[1]))
        return tuple(name for name, words in near if asked & words)[:_STATED]


class ModelAdapter:
    """A model server's client as a port.

    Args:
        client: the model server's.
        checker: knows where theorems stand.
        retriever: what the `instruct` layout shows of premises and similar proofs; None for none.
    """

    def __init__(self, client: ModelClient, checker: CheckerClient, retriever: RetrieverClient | None) -> None:
        self._client = client
        self._retriever = retriever
        self._places = _Places(checker)

    async def format(self, layout: str, printing: str) -> Format:
        """As wished, or as its server says that it was made for."""
        try:
            served = await self._client.served()
            check_printing(served, printing)
        except ModelError as error:
            raise HelperError(str(error)) from error
        whole = [name for name in served.layouts if name != TACTIC.name]
        if layout and whole and layout not in whole:
            raise HelperError(f"the model {served.name!r} was made for the layout {whole[0]!r}, not {layout!r}.")
        return Format(
            layout or (whole[0] if whole and "sft" not in whole else "sft"),
            printing or served.printing or "default",
            not served.layouts or TACTIC.name in served.layouts,
        )

    async def proofs(self, question: Question, count: int | None) -> Answers:
        """Whole proofs of the goal."""
        layout = LAYOUTS[question.layout]
        context = await self._context(question) if layout is INSTRUCT else Context()
        return await self._ask(question, count, layout, context)

    async def tactics(self, question: Question, count: int) -> Answers:
        """Single tactics for the goal."""
        return await self._ask(question, count, TACTIC, Context())

    async def _ask(self, question: Question, count: int | None, layout: Layout, context: Context) -> Answers:
        prompt = layout.render(ProofState.of(question.goal), context, coq_version=question.coq_version)
        metadata = await self._metadata(question) | {"kind": layout.kind, "printing": question.printing}
        try:
            # Similar proofs are ranked: drawing among them would only lose the best ones.
            served = await self._client.served()
            ranked = served.backend == "neighbours"
            reply = await self._client.reply(
                prompt.messages,
                n=count if count is not None else _RANKED if ranked else _SAMPLES,
                temperature=0.0 if ranked else _TEMPERATURE,
                seed=question.seed,
                metadata=metadata,
            )
        except ModelError as error:
            raise HelperError(str(error)) from error
        proposals = tuple(Proposal(one.text, one.score) for one in reply.answers)
        return Answers(proposals, served.name, reply.prompt_tokens, sum(one.tokens for one in reply.answers))

    async def _metadata(self, question: Question) -> dict[str, str]:
        position = await self._places.of(question.target)
        found = {"project": position.project, "file": position.file, "position": str(position.byte)}
        if isinstance(question.target, TheoremRef):
            found["theorem"] = question.target.theorem
        else:
            found["requires"] = " ".join(position.requires)
        return found

    async def _context(self, question: Question) -> Context:
        """What the retriever knows; nothing where it does not answer: a prompt without is still a prompt."""
        if self._retriever is None:
            return Context()
        asked = _asked(
            question, await self._places.of(question.target), (Kind.PREMISE, Kind.DEFINITION, Kind.PROOF), 30
        )
        try:
            answer = await self._retriever.retrieve(asked)
        except RetrieverError:
            return Context()
        return Context(
            definitions=tuple(Known(one.short_name or one.name, one.statement) for one in answer.definitions),
            premises=tuple(Known(one.short_name or one.name, one.statement) for one in answer.premises),
            similar=tuple(KnownProof(one.statement, one.proof) for one in answer.proofs[:_SIMILAR]),
        )


def _asked(question: Question, position: Position, kinds: tuple[Kind, ...], count: int) -> Asked:
    hypotheses = tuple(Hypothesis(h.names, h.type, h.body) for h in question.goal.hypotheses)
    return Asked(question.goal.conclusion, hypotheses, position, kinds, count)


@contextlib.asynccontextmanager
async def model_port(
    url: str, name: str, checker: CheckerClient, retriever: RetrieverClient | None
) -> AsyncIterator[ModelPort | None]:
    """The model at an address; None where there is no address."""
    if not url:
        yield None
        return
    async with ModelClient(url, model=name) as client:
        yield ModelAdapter(client, checker, retriever)


@contextlib.asynccontextmanager
async def retriever_client(address: str) -> AsyncIterator[RetrieverClient | None]:
    """The retriever at an address; None where there is no address."""
    if not address:
        yield None
        return
    async with RetrieverClient(address) as client:
        yield client


def retriever_port(client: RetrieverClient | None, checker: CheckerClient) -> RetrieverPort | None:
    """A retriever as a port."""
    return RetrieverAdapter(client, checker) if client is not None else None
