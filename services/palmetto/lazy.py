"""Commands that are loaded when they are asked for: one of them needs little of what all of them need together."""

from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_group


class LazyGroup(TyperGroup):
    """A group of commands, each given as `MODULE:NAME`: a Typer, or the function of a single command.

    Attributes:
        modules: by the command's name, in the order of the help.
    """

    modules: ClassVar[dict[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Names, in order."""
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command, loaded now; None where there is none of that name."""
        where = self.modules.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        found = getattr(import_module(module), name)
        holder = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=cmd_name)
        else:
            holder.command(cmd_name)(found)
        return get_group(holder).commands[cmd_name]
