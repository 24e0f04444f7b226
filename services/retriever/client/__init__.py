"""The client: typed answers, async (`RetrieverClient`) and blocking (`SyncRetrieverClient`)."""

from retriever.client.aio import RetrieverClient
from retriever.client.errors import (
    DeadlineExceededError,
    InvalidQuestionError,
    NotIndexedError,
    RetrieverError,
    UnavailableError,
)
from retriever.client.sync import SyncRetrieverClient
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

__all__ = [
    "Answer",
    "DeadlineExceededError",
    "Hypothesis",
    "IndexInfo",
    "InvalidQuestionError",
    "Kind",
    "NotIndexedError",
    "Position",
    "Premise",
    "Question",
    "RetrieverClient",
    "RetrieverError",
    "SimilarProof",
    "SimilarStep",
    "SyncRetrieverClient",
    "UnavailableError",
]
