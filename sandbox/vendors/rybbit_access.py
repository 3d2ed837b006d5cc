"""Which key may read which site of a Rybbit server, and its refusals (`contracts/rybbit_observed.md`)."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.vendors.rybbit_data import ApiKey, RybbitData, Site
from sandbox.vendors.rybbit_limits import OldLimit

_SHORT_ID = 4
_BEARER = "Bearer "
_SQL = (
    'Failed query: select "organization_id" from "sites" where "sites"."site_id" = $1 limit $2\nparams: NaN,1'
)


def fastify(status: int, error: str, message: str) -> web.Response:
    """An error in the web framework's own form, with three keys."""
    return web.json_response({"statusCode": status, "error": error, "message": message}, status=status)


def failure(status: int, error: str) -> web.Response:
    """An error in the application's own form."""
    return web.json_response({"error": error}, status=status)


def forbidden() -> web.Response:
    """The answer to a bad key, no key, somebody else's site and a spent old limit alike."""
    return failure(403, "Forbidden")


def no_route(request: web.Request) -> web.Response:
    """The answer to a path that this generation does not have."""
    body = {
        "message": f"Route {request.method}:{request.raw_path} not found",
        "error": "Not Found",
        "statusCode": 404,
    }
    return web.json_response(body, status=404)


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """Raised when a request is refused, with the response."""

    response: web.Response


@dataclass(frozen=True, slots=True)
class Door:
    """
    Checks the key of each request.

    `old_limit` is that of servers that limit each key; `short_ids_break` is the current servers' 500 for a
    site of one to four letters.
    """

    data: RybbitData
    old_limit: OldLimit | None
    short_ids_break: bool

    def enter(self, request: web.Request, scope: str) -> Site:
        """
        The site that a request is about.

        Raises:
            Refused: when there is no such site, or not for this key.

        """
        site = self._site(request.match_info["site"])
        key = self._key(request)
        if key and self.old_limit and not self.old_limit.allows(key.value):
            raise Refused(forbidden())
        if site is None:
            raise Refused(forbidden())
        if site.public:
            return site
        if key is None or (key.sites is not None and site.number not in key.sites):
            raise Refused(forbidden())
        if key.scopes is not None and scope not in key.scopes:
            raise Refused(web.json_response({"error": "Insufficient scope", "required": scope}, status=403))
        return site

    def _site(self, text: str) -> Site | None:
        if text.isdecimal():
            return next((site for site in self.data.sites if site.number == int(text)), None)
        if len(text) > _SHORT_ID:
            for site in self.data.sites:
                if site.public_id == text:
                    return site
            raise Refused(failure(404, "Site not found"))
        if self.short_ids_break:
            raise Refused(fastify(500, "Internal Server Error", _SQL))
        return None

    def _key(self, request: web.Request) -> ApiKey | None:
        """The key in the header (with `Bearer` exactly so) or else in the query; None if it is unknown."""
        given = request.headers.get("Authorization", "")
        value = given.removeprefix(_BEARER) if given.startswith(_BEARER) else request.query.get("api_key")
        return next((key for key in self.data.keys if key.value == value), None)
