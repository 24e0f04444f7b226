"""Opens the backend that the settings name."""

from collections.abc import Callable

from coqdata.prompts import PrintingProfile, PromptFormat
from model_server.ask import Backend
from model_server.backends.proxy import ProxyBackend
from model_server.backends.replay import ReplayBackend, ReplayError
from model_server.client import RetryPolicy
from model_server.neighbours.backend import NeighboursBackend
from model_server.settings import ModelServerSettings


class BackendError(Exception):
    """A backend cannot be opened; the text is one sentence with the remedy."""


async def open_backend(settings: ModelServerSettings, failed: Callable[[str], None]) -> Backend:
    """The backend.

    Args:
        settings: which, and how.
        failed: told the kind of each failed attempt at a server behind this one.

    Raises:
        BackendError: it cannot be opened.
    """
    try:
        if settings.printing:
            PrintingProfile.named(settings.printing)
        if settings.layout:
            PromptFormat.named(settings.layout)
    except ValueError as error:
        raise BackendError(str(error)) from None
    match settings.backend:
        case "neighbours":
            return NeighboursBackend(settings)
        case "replay":
            return _replay(settings)
        case "proxy":
            return _proxy(settings, failed)
        case "hf":
            return await _hf(settings)


def _replay(settings: ModelServerSettings) -> Backend:
    if settings.replay_folder is None:
        raise BackendError("the replay backend needs a folder: give --replay DIR or PALMETTO_MODEL_REPLAY_FOLDER.")
    try:
        return ReplayBackend(settings.replay_folder, settings.printing)
    except (ReplayError, OSError) as error:
        raise BackendError(str(error)) from error


def _proxy(settings: ModelServerSettings, failed: Callable[[str], None]) -> Backend:
    if not settings.upstream.startswith(("http://", "https://")):
        raise BackendError(
            "the proxy backend needs a server: give --upstream http://HOST:PORT/v1 or PALMETTO_MODEL_UPSTREAM."
        )
    retry = RetryPolicy(settings.attempts, settings.first_wait_s, settings.longest_wait_s)
    return ProxyBackend(settings, retry, failed)


async def _hf(settings: ModelServerSettings) -> Backend:
    if not settings.model:
        raise BackendError("the hf backend needs a checkpoint: give --model DIR or PALMETTO_MODEL_MODEL.")
    try:
        # Imported here: torch is an extra, and takes seconds.
        from model_server.backends.hf import CheckpointError, open_checkpoint  # noqa: PLC0415
    except ImportError as error:
        raise BackendError(
            f"the hf backend needs torch and transformers ({error.name} is missing): install `palmetto[hf]`."
        ) from error
    try:
        return await open_checkpoint(settings)
    except CheckpointError as error:
        raise BackendError(str(error)) from error
