"""The MCP server: Palmetto's services as tools for a model, over stdio or HTTP."""
