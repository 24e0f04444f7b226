"""Values to messages and back."""

from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from retriever.types import (
    Answer,
    Hypothesis,
    IndexInfo,
    Kind,
    Position,
    Premise,
    Question,
    SimilarProof,
    SimilarStep,
)

_KINDS = {
    Kind.PREMISE: pb.KIND_PREMISE,
    Kind.DEFINITION: pb.KIND_DEFINITION,
    Kind.PROOF: pb.KIND_PROOF,
    Kind.TACTIC: pb.KIND_TACTIC,
}
_FROM_KIND = {number: kind for kind, number in _KINDS.items()}


def question_to_pb(question: Question) -> pb.RetrieveRequest:
    """A question as a message."""
    at = question.position
    return pb.RetrieveRequest(
        goal=question.goal,
        hypotheses=map(_hypothesis_to_pb, question.hypotheses),
        position=pb.Position(project=at.project, file=at.file, byte=at.byte, requires=at.requires),
        kinds=[_KINDS[kind] for kind in question.kinds],
        k=question.k,
    )


def question_from_pb(message: pb.RetrieveRequest) -> Question:
    """A question from its message.

    Raises:
        ValueError: a kind that is not known here; the text is one sentence.
    """
    kinds = []
    for number in message.kinds:
        if number not in _FROM_KIND:
            raise ValueError(f"the kind {number} is unknown: ask for {', '.join(pb.Kind.keys()[1:])}.")
        kinds.append(_FROM_KIND[number])
    at = message.position
    return Question(
        goal=message.goal,
        hypotheses=tuple(map(_hypothesis_from_pb, message.hypotheses)),
        position=Position(at.project, at.file, at.byte, tuple(at.requires)),
        kinds=tuple(kinds) or (Kind.PREMISE,),
        k=message.k,
    )


def _hypothesis_to_pb(one: Hypothesis) -> pb.Hypothesis:
    return pb.Hypothesis(names=one.names, body=one.body, type=one.type)


def _hypothesis_from_pb(one: pb.Hypothesis) -> Hypothesis:
    return Hypothesis(tuple(one.names), one.type, one.body if one.HasField("body") else None)


def answer_to_pb(answer: Answer) -> pb.RetrieveResponse:
    """An answer as a message."""
    return pb.RetrieveResponse(
        premises=map(_premise_to_pb, answer.premises),
        definitions=map(_premise_to_pb, answer.definitions),
        proofs=[
            pb.SimilarProof(
                theorem=one.theorem,
                statement=one.statement,
                proof=one.proof,
                project=one.project,
                file=one.file,
                score=one.score,
            )
            for one in answer.proofs
        ],
        steps=[
            pb.SimilarStep(
                tactic=one.tactic,
                goal=one.goal,
                hypotheses=map(_hypothesis_to_pb, one.hypotheses),
                theorem=one.theorem,
                rest=one.rest,
                score=one.score,
            )
            for one in answer.steps
        ],
        missing_libraries=answer.missing_libraries,
        toolchain=answer.toolchain,
        coq_version=answer.coq_version,
    )


def answer_from_pb(message: pb.RetrieveResponse) -> Answer:
    """An answer from its message."""
    return Answer(
        premises=tuple(map(_premise_from_pb, message.premises)),
        definitions=tuple(map(_premise_from_pb, message.definitions)),
        proofs=tuple(
            SimilarProof(one.theorem, one.statement, one.proof, one.project, one.file, one.score)
            for one in message.proofs
        ),
        steps=tuple(
            SimilarStep(
                one.tactic,
                one.goal,
                tuple(map(_hypothesis_from_pb, one.hypotheses)),
                one.theorem,
                one.rest,
                one.score,
            )
            for one in message.steps
        ),
        missing_libraries=tuple(message.missing_libraries),
        toolchain=message.toolchain,
        coq_version=message.coq_version,
    )


def _premise_to_pb(one: Premise) -> pb.Premise:
    return pb.Premise(
        name=one.name,
        short_name=one.short_name,
        kind=one.kind,
        statement=one.statement,
        project=one.project,
        file=one.file,
        start_byte=one.start,
        score=one.score,
    )


def _premise_from_pb(one: pb.Premise) -> Premise:
    return Premise(one.name, one.short_name, one.kind, one.statement, one.project, one.file, one.start_byte, one.score)


def index_to_pb(one: IndexInfo) -> pb.Index:
    """An index as a message."""
    return pb.Index(name=one.name, files=one.files, premises=one.premises, proofs=one.proofs, steps=one.steps)


def index_from_pb(one: pb.Index) -> IndexInfo:
    """An index from its message."""
    return IndexInfo(one.name, one.files, one.premises, one.proofs, one.steps)
