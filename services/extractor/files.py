"""One file: its theorems, judged, with their goals, as a record."""

import asyncio
import re
import textwrap
from dataclasses import dataclass

from coq_checker.client import (
    CheckerClient,
    CheckerError,
    Goal,
    OverloadedError,
    ProofResult,
    TheoremInfo,
    UnavailableError,
    UnreachableError,
)
from coqdata.lookup import numbered
from coqdata.prompts import Context, ProofState, proof_body
from coqdata.source import plain, problem
from coqdata.theorem import theorems
from extractor.context import Asked, Retrieval
from extractor.coq import FileChecks
from extractor.examples import Known, example
from extractor.model import FileRecord, SourceFile, Wish, provenance_fields
from extractor.uses import FileUses, Uses

# A generated file that is longer holds no proof that anybody wrote.
MAX_FILE_BYTES = 8 << 20
# Stated and proved like theorems, but what they define is computed with: there is no proposition.
_DEFINED = frozenset(("Definition", "Fixpoint", "CoFixpoint", "Coercion", "Function", "Derive", "Let"))
# The profile that the statements of an index are printed under.
_INDEXED = "default"
_PLAIN = re.compile(r"\s*(?:Proof(?:\s+using\b[^.]*)?\.\s*)?")
# The service is gone or has no room: that is no fault of the file.
_NOT_THE_FILE = (OverloadedError, UnavailableError, UnreachableError)


class UnreadableError(Exception):
    """A source that nothing can be extracted from; the text says why."""


def read_source(file: SourceFile) -> bytes:
    """The text of a source file.

    Raises:
        UnreadableError: it is not there, too long, or no UTF-8 outside of comments.
    """
    try:
        if file.source.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableError(f"the file is longer than {MAX_FILE_BYTES >> 20} MiB")
        content = plain(file.source.read_bytes())
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError in some versions
        raise UnreadableError(f"the file cannot be read ({getattr(error, 'strerror', None) or error})") from None
    why = problem(content, as_text=True)
    if why is not None:
        raise UnreadableError(f"the file {why}")
    return content


@dataclass(frozen=True, slots=True)
class _Proved:
    """A theorem whose proof the checker accepted.

    `as_it_stands`: the example's proof is the file's, byte for byte but for indentation and `Proof`. After
    `Proof with`, which gives `...` its meaning, it is not.
    """

    info: TheoremInfo
    version: str
    proof: str
    uses: Uses
    as_it_stands: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A goal of a theorem and what proves it; `step` is 0 for the whole proof."""

    of: _Proved
    goal: Goal
    proof: str
    step: int


class FileExtractor:
    """Extracts from files, each with one pass of the checker over it.

    Args:
        client: of a checker that serves the files' projects.
        retrieval: asks a retriever; None without retrieval.
        wish: what is to be extracted.
    """

    def __init__(self, client: CheckerClient, retrieval: Retrieval | None, wish: Wish) -> None:
        self._client = client
        self._retrieval = retrieval
        self._wish = wish

    async def extract(self, file: SourceFile, content: bytes, key: str) -> FileRecord:
        """The record of a file; what is wrong with the file stands in it.

        Raises:
            CheckerError: the checker is not there.
            RetrieverError: the retriever is not there.
        """
        record = FileRecord(file.project, file.path, key)
        checks = FileChecks(self._client, file, self._wish.profile)
        uses = await asyncio.to_thread(FileUses, file.glob)
        proved: list[_Proved] = []
        places = {} if file.only is None else numbered(theorems(content))
        try:
            async for info, result in checks.judged():
                record.theorems += 1
                if file.only is not None and places.get(info.index) not in file.only:
                    record.left_out["not for testing: it was stated before the date, or elsewhere"] += 1
                    continue
                one = self._judged(info, result, content, uses, record)
                if one is not None:
                    proved.append(one)
        except _NOT_THE_FILE:
            raise
        except CheckerError as error:
            record.problem = f"the file fails in Coq: {' '.join(str(error).split())[:300]}"
        try:
            parts = await self._parts(checks, proved, record)
            questions = await self._questions(checks, parts)
        except _NOT_THE_FILE:
            raise
        except CheckerError as error:
            record.problem = record.problem or f"its goals are not known: {' '.join(str(error).split())[:300]}"
            parts, questions = [], {}
        await self._write(file, content, parts, questions, record)
        return record

    def _judged(
        self, info: TheoremInfo, result: ProofResult, content: bytes, uses: FileUses, record: FileRecord
    ) -> _Proved | None:
        text = content[info.proof_start : info.proof_end].decode("utf-8", "replace")
        body = proof_body(text)
        ending = text[text.rfind(body) + len(body) :].strip() if body else ""
        if info.kind in _DEFINED:
            record.left_out["a definition and no theorem"] += 1
        elif not ending.startswith(("Qed", "Defined", "Save")):
            record.left_out["no finished proof by tactics"] += 1
        else:
            record.checked += 1
            if result.proved:
                record.accepted += 1
                used = uses.of(info.start, info.statement_end, info.proof_start, info.proof_end)
                plain = _PLAIN.fullmatch(text[: text.find(body)]) is not None
                return _Proved(info, result.coq_version, _dedented(text, body), used, plain)
            record.left_out[f"not accepted: {result.verdict.value} {result.reason.value}".strip()] += 1
        return None

    async def _parts(self, checks: FileChecks, proved: list[_Proved], record: FileRecord) -> list[_Part]:
        odd = {one.info.index: one.proof for one in proved if not one.as_it_stands}
        fine = await checks.accepted(odd)
        record.accepted -= len(odd) - len(fine)
        if len(odd) > len(fine):
            record.left_out["not accepted without its `Proof with`"] += len(odd) - len(fine)
        by_index = {one.info.index: one for one in proved if one.as_it_stands or one.info.index in fine}
        goals = await checks.goals(list(by_index)) if by_index else {}
        parts: list[_Part] = []
        for index, one in by_index.items():
            found = goals.get(index, ())
            if not found:
                record.left_out["its goal is not known"] += 1
            elif found[0].truncated:
                record.left_out["the goal is too long"] += 1
            elif len(found) > 1:
                record.left_out["several theorems are proved at once"] += 1
            else:
                parts.append(_Part(one, found[0], one.proof, 0))
        if self._wish.steps and parts:
            known = [part.of.info.index for part in parts]
            steps, checked, accepted = await checks.steps(known)
            record.checked += checked
            record.accepted += accepted
            if checked > accepted:
                record.left_out["rests of proofs that are not accepted on their own"] += checked - accepted
            for index, rests in steps.items():
                parts += [_Part(by_index[index], rest.goal, rest.proof, rest.at) for rest in rests]
        return sorted(parts, key=lambda part: (part.of.info.index, part.step))

    async def _questions(self, checks: FileChecks, parts: list[_Part]) -> dict[tuple[int, int], Goal]:
        """The goals as Coq prints them by default, as those in the index: what a retriever is asked with.

        They are by theorem and step.
        """
        if self._retrieval is None or self._wish.profile == _INDEXED:
            return {}
        whole = await checks.goals([part.of.info.index for part in parts if not part.step], _INDEXED)
        found = {(index, 0): goals[0] for index, goals in whole.items() if goals}
        return (await checks.goals_on_the_way(_INDEXED)) | found if any(part.step for part in parts) else found

    async def _write(
        self,
        file: SourceFile,
        content: bytes,
        parts: list[_Part],
        questions: dict[tuple[int, int], Goal],
        record: FileRecord,
    ) -> None:
        contexts: list[Context | None] = [None] * len(parts)
        if self._retrieval is not None:
            asked = [
                Asked(questions.get((part.of.info.index, part.step), part.goal), part.of.info.start) for part in parts
            ]
            contexts = await self._retrieval.contexts(file.project, file.path, asked)
        layout = self._wish.prompt.layout
        for part, context in zip(parts, contexts, strict=True):
            if self._retrieval is not None and context is None:
                record.left_out["the retriever had no answer"] += 1
                continue
            info = part.of.info
            about = {
                "kind": "rest" if part.step else "proof",
                "project": file.project,
                **provenance_fields(file.provenance),
                "split": file.provenance.split or "train",
                "file": file.path,
                "theorem": info.qualified_name or info.name,
                "theorem_kind": info.kind,
                "index": info.index,
                "step": part.step,
                "line": content.count(b"\n", 0, info.start) + 1,
                "start_byte": info.start,
                "coq_version": part.of.version,
                "profile": self._wish.profile,
                "layout": layout.name,
                "checked": True,
                "statement": content[info.start : info.statement_end].decode("utf-8", "replace"),
            }
            known = Known(ProofState.of(part.goal), part.proof, part.of.uses, about)
            made = example(known, layout, context, part.of.version)
            if made is None:
                record.left_out["the answer does not read back as the proof"] += 1
            else:
                record.examples.append(made.row())


def _dedented(text: str, body: str) -> str:
    """The body of a proof with its lines moved to the left together; as it is where a string may hold blanks."""
    if '"' in body:
        return body
    before = text[: text.find(body)]
    first = before[before.rfind("\n") + 1 :]
    return textwrap.dedent(body if first.strip() else first + body)
