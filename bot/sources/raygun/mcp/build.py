"""The source of one Raygun account: by API v3, by the legacy API, or by both; by its MCP server in front."""

import httpx2

from bot.domain.model import SourceName
from bot.settings.accounts import RaygunAccount, RaygunV3Account
from bot.sources.protocol import Source
from bot.sources.raygun import v3
from bot.sources.raygun.legacy import Raygun
from bot.sources.raygun.v3_api import WINDOWS
from bot.sources.wiring import Wiring


def build(
    name: SourceName,
    apis: tuple[RaygunAccount | None, RaygunV3Account | None],
    client: httpx2.AsyncClient,
    wiring: Wiring,
) -> Source:
    """The source of one label's settings."""
    index = v3.build(name, apis, client, wiring)
    legacy, newer = apis
    if newer is not None and newer.mcp:
        token, application, base_url = newer.token, newer.application, newer.base_url
    elif legacy is not None and legacy.mcp is not None and legacy.application is not None:
        token, application, base_url = legacy.mcp, legacy.application, legacy.base_url
    else:
        return index
    # The protocol's library takes a second to load, which nobody else is to wait for.
    from bot.sources.raygun.mcp.front import RaygunByMcp  # noqa: PLC0415 - see above

    # The token's calls, whichever of its two ways they take.
    http = wiring.http(client, Raygun.title, base_url, f"raygun_v3/{name.account}", WINDOWS)
    return RaygunByMcp(index, http, token.get_secret_value(), application, wiring.tasks)
