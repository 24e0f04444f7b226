"""Starting the engine of an environment, with what runs before its text."""

from pathlib import Path

from coq_checker.engine.api import CoqEngine, EngineCrashedError, EngineLostError, EngineOutputError, EngineStartError
from coq_checker.engine.start import start_engine
from coq_checker.environment import Environment, EnvironmentFailedError

# Each hypothesis and message on one line.
_SETUP = ("Set Printing Width 100000.",)


async def start(environment: Environment, run_folder: Path) -> tuple[CoqEngine, int]:
    """An engine, and its state at the beginning of an environment's text.

    Args:
        environment: whose options and set-up it gets.
        run_folder: where its own folder is made.

    Raises:
        EnvironmentFailedError: the environment's options do not run.
        EngineStartError: it did not come up.
    """
    engine = await start_engine(environment.options, run_folder)
    setup = [*_SETUP, *environment.setup]
    try:
        done = await engine.advance(engine.first, "\n".join(setup).encode())
        if done.through and done.steps:
            await engine.begin(done.steps[-1].state)
    except EngineLostError as error:
        engine.kill()
        if not isinstance(error, EngineCrashedError):
            raise EngineStartError(f"the session of {environment.label} was lost at its start: {error}.") from error
        raise EnvironmentFailedError(f"the options of {environment.label} end Coq ({error}).") from error
    except EngineOutputError as error:
        engine.kill()
        raise EnvironmentFailedError(f"the session of {environment.label} died at its start ({error}).") from error
    except BaseException:
        engine.kill()
        raise
    if not done.through or len(done.steps) != len(setup):
        engine.kill()
        said = done.error.message if done.error else "it was not understood"
        raise EnvironmentFailedError(f"the options of {environment.label} failed: {said}")
    return engine, done.steps[-1].state
