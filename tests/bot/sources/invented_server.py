"""The invented vendor's server, and its line among the kinds of sources."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.sources.registry import VendorEntry
from sandbox.people import Customer, Visit
from sandbox.vendors.stand_in import Clock, StandIn
from tests.bot.sources import invented
from tests.bot.sources.kinds import Kind

_VENDOR = "peek"


class PeekServer(StandIn):
    """A project that lists everything of somebody at once."""

    def __init__(self, clock: Clock, people: Sequence[Customer]) -> None:
        super().__init__(clock)
        self._seen = [_row(person, visit) for person in people for visit in person.visits]
        self._uids = {name: person.uid for person in people for name in (person.email, person.uid)}

    def environment(self) -> dict[str, str]:
        return {"PEEK__MAIN__API_KEY": "peek-key", "PEEK__MAIN__BASE_URL": self.origin}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/seen", self._list), web.get("/seen/{id}", self._one)]

    def refusal(self) -> web.Response:
        return web.json_response({"error": "who are you?"}, status=401)

    async def _list(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Key") != "peek-key":
            return self.refusal()
        uid, since = self._uids.get(request.query["who"]), request.query.get("since", "")
        rows = [row for row in self._seen if row["who"] == uid and row["at"] >= since]
        return web.json_response({"seen": rows})

    async def _one(self, request: web.Request) -> web.Response:
        found = [row for row in self._seen if row["id"] == request.match_info["id"]]
        return web.json_response(found[0] if found else {}, status=200 if found else 404)


def _row(person: Customer, visit: Visit) -> dict[str, Any]:
    at = visit.started_at.isoformat()
    return {"id": f"{person.number}-{visit.started_at:%s}", "who": person.uid, "at": at}


def _entry(servers: Sequence[StandIn]) -> VendorEntry:
    account = {"base_url": servers[0].origin, "api_key": "peek-key"}
    return VendorEntry(_VENDOR, "Peek", lambda _settings: {"main": account}, 15, invented.build)


INVENTED = Kind(
    "invented", _VENDOR, lambda clock, people: [PeekServer(clock, people)], tells_ends=False, entry=_entry
)
