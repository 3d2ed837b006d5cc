"""Raygun's MCP server: asked for one person, in front of the index, where that is configured."""
