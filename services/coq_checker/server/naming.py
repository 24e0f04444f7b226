"""Names that only Coq knows: obligations, instances without a name, what commands of plugins prove."""

from collections.abc import Sequence

from coq_checker.engine.api import EngineLostError, EngineStartError
from coq_checker.environment import EnvironmentFailedError
from coq_checker.pool.pool import Pool
from coq_checker.projects import NoSuchNameError, Projects
from coq_checker.toolchain import ToolchainError
from coqdata.lookup import may_have_other_names
from coqdata.theorem import Theorem
from palmetto_protos.checker.v1 import checker_pb2 as pb


class Naming:
    """Takes what Coq says of a project's file for what the file is listed as from then on."""

    def __init__(self, pool: Pool, projects: Projects) -> None:
        self._pool = pool
        self._projects = projects

    async def learn(self, project: str, file: str, source: bytes, found: Sequence[Theorem], toolchain: str) -> None:
        """Notes the theorems of a file as Coq has them, where it is still the file of the project.

        What the project's own toolchain says counts: another may number them otherwise.
        """
        try:
            held = self._projects.file(project, file)
            choice = await self._projects.choice(held.project)
        except (NoSuchNameError, ToolchainError):
            return
        if choice.name != toolchain:
            return
        if held.source == source and list(held.theorems) != list(found):
            self._projects.take(held, found)

    async def ask(self, ref: pb.TheoremRef) -> bool:
        """Has Coq read the file of a theorem that is not found, where it may have names of its own; whether it did."""
        try:
            source = self._projects.file(ref.project, ref.file)
            if not ref.theorem or not may_have_other_names(source.source, source.theorems):
                return False
            environment = await self._projects.environment(source)
            document = self._pool.document(environment)
            async with self._pool.busy(), document.lock:
                await document.prepare(len(environment.source), self._pool.settings.environment_limits)
        except (NoSuchNameError, EnvironmentFailedError, EngineLostError, EngineStartError):
            return False
        self._projects.take(source, document.reading.theorems_of(len(environment.source)))
        return True
