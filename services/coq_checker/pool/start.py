"""Starting the session of an environment, with what runs before its text."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from coq_checker.audit import Auditor
from coq_checker.environment import Environment, EnvironmentFailedError
from coq_checker.run import run
from coq_checker.session.api import (
    CoqSession,
    SessionCrashedError,
    SessionLostError,
    SessionOutputError,
    SessionStartError,
)
from coq_checker.session.sertop import SertopSession

# Each hypothesis and message on one line.
_SETUP = ("Set Printing Width 100000.",)


async def start(
    environment: Environment,
    auditor: Auditor,
    run_folder: Path,
    started: Callable[[CoqSession], Awaitable[None]] | None = None,
) -> CoqSession:
    """A session at the beginning of an environment's text.

    Args:
        environment: whose options and set-up it gets.
        auditor: prepares it for audits.
        run_folder: where its own folder is made.
        started: called with it before the text runs.

    Raises:
        EnvironmentFailedError: the environment's options do not run.
        SessionStartError: it did not come up.
    """
    session = await SertopSession.start(environment.options, run_folder)
    try:
        await auditor.prepare(session)
        setup = [*_SETUP, *environment.setup]
        done = await run(session, "\n".join(setup).encode(), len(setup))
        if started is not None:
            await started(session)
    except SessionLostError as error:
        session.kill()
        if not isinstance(error, SessionCrashedError):
            raise SessionStartError(f"the session of {environment.label} was lost at its start: {error}.") from error
        raise EnvironmentFailedError(f"the options of {environment.label} end Coq ({error}).") from error
    except SessionOutputError as error:
        session.kill()
        raise EnvironmentFailedError(f"the session of {environment.label} died at its start ({error}).") from error
    except BaseException:
        session.kill()
        raise
    if done.failed is not None or done.unclear:
        session.kill()
        said = done.error.message if done.error else "it was not understood"
        raise EnvironmentFailedError(f"the options of {environment.label} failed: {said}")
    return session
