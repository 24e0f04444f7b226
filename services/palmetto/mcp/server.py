"""The MCP server as the SDK has it, with errors of one sentence and a bound on what is under way."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import version
from typing import Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import ValidationError

from palmetto.mcp.settings import McpSettings

_Tool = TypeVar("_Tool", bound=Callable[..., Any])

_INSTRUCTIONS = (
    "Palmetto proves Coq (Rocq) theorems and checks proofs. A theorem is named by `project` and `theorem` "
    "(list_projects, list_theorems), or given as `statement` with the `context` before it. To prove something: try "
    "`prove` first; else look for lemmas with `retrieve` and `search`, work the proof out with `run_tactics`, and have "
    "`check_proof` confirm it: only its PROVED counts. `fill` does a whole file with `Admitted` in it. No tool changes "
    "a file."
)


class PalmettoServer(MCPServer[Any]):
    """An MCP server whose tools read, and fail in one sentence.

    Args:
        limits: how much is taken on.
    """

    def __init__(self, limits: McpSettings) -> None:
        super().__init__(
            "palmetto", title="Palmetto", version=version("palmetto"), instructions=_INSTRUCTIONS, log_level="WARNING"
        )
        self.limits = limits
        self._under_way = 0

    async def serve_streams(self, reading: ReadStream[Any], writing: WriteStream[SessionMessage]) -> None:
        """Serves one client over streams of messages until they end."""
        lower = self._lowlevel_server
        await lower.run(reading, writing, lower.create_initialization_options())

    def palmetto_tool(self, title: str) -> Callable[[_Tool], _Tool]:
        """Makes a function a tool; its docstring is what the model reads."""
        # Coq runs in a sandbox, and nothing that a person has is changed.
        hints = ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )

        def add(function: _Tool) -> _Tool:
            description = " ".join((function.__doc__ or "").split())
            self.add_tool(function, title=title, description=description, annotations=hints)
            tool = self._tool_manager.get_tool(function.__name__)
            if tool is not None:
                tool.parameters["additionalProperties"] = False
            return function

        return add

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Calls a tool.

        Raises:
            ToolError: there is no such tool, its arguments are not right, it failed, or too much is under way.
        """
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            known = ", ".join(one.name for one in self._tool_manager.list_tools())
            raise ToolError(f"there is no tool {name[:100]!r} here: there are {known}.")
        for given in arguments:
            if given not in tool.parameters["properties"]:
                near = get_close_matches(given, tool.parameters["properties"], 1)
                hint = f": is `{near[0]}` meant?" if near else f": it takes {', '.join(tool.parameters['properties'])}."
                raise ToolError(f"`{name}` has no argument {given[:100]!r}{hint}")
        if self._under_way >= self.limits.calls:
            raise ToolError(f"{self._under_way} calls are under way, which is the most: wait for one to end.")
        self._under_way += 1
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError as error:
            kind = type(error.__cause__).__name__
            raise UnexpectedToolError(f"`{name}` had a fault of its own ({kind}): see the server's log.") from error
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_invalid(error.__cause__)) from error
            # The SDK puts its own words before ours.
            raise ToolError(str(error.__cause__ or error)) from error
        finally:
            self._under_way -= 1


def _invalid(error: ValidationError) -> str:
    """One sentence of what is wrong with the arguments."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"`{where}` is missing."
    return f"`{where}`: {first['msg']}."
