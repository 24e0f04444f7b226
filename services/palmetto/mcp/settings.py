"""Settings of the MCP server, each from the environment as PALMETTO_MCP_<NAME>."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# Sizes are checked before anything is done with a text. Letters, not bytes: that is what JSON Schema counts.
NAME_LETTERS = 1_000
PROOF_LETTERS = 256 << 10
CONTEXT_LETTERS = 2 << 20
# Largest message, which holds the texts above and what escaping adds to them.
MESSAGE_BYTES = 16 << 20


class McpSettings(BaseSettings):
    """Who may ask over HTTP, and how much is taken on."""

    model_config = SettingsConfigDict(env_prefix="PALMETTO_MCP_", extra="ignore")

    token: SecretStr = Field(SecretStr(""), description="Bearer token that HTTP requests must carry; empty: none.")
    hosts: str = Field("", description="Further names under which it is reached over HTTP, comma-separated.")
    calls: int = Field(16, ge=1, description="Tool calls at one time; more are refused.")
    call_s: float = Field(300.0, gt=0, description="How long a call may take besides the CPU time that it asked for.")
    fill_s: float = Field(3600.0, gt=0, description="How long a call of `fill` may take.")

    def names(self) -> list[str]:
        """Further names under which it is reached."""
        return [one.strip().lower() for one in self.hosts.split(",") if one.strip()]
