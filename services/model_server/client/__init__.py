"""The client of model servers: Palmetto's own, and any other OpenAI-compatible one."""

from model_server.client.aio import API_KEY_VARIABLE, ModelClient, ServedModel, check_printing
from model_server.client.answers import Answer, Reply
from model_server.client.errors import (
    AccessError,
    BadAnswerError,
    ModelBusyError,
    ModelDownError,
    ModelError,
    ModelFailedError,
    ModelTimeoutError,
    NoAnswerError,
    PrintingMismatchError,
    RefusedError,
    UnknownModelError,
)
from model_server.client.retry import RetryPolicy

__all__ = [
    "API_KEY_VARIABLE",
    "AccessError",
    "Answer",
    "BadAnswerError",
    "ModelBusyError",
    "ModelClient",
    "ModelDownError",
    "ModelError",
    "ModelFailedError",
    "ModelTimeoutError",
    "NoAnswerError",
    "PrintingMismatchError",
    "RefusedError",
    "Reply",
    "RetryPolicy",
    "ServedModel",
    "UnknownModelError",
    "check_printing",
]
