"""
UXCam by `contracts/uxcam.md`: the newer API and the classic one, each as strict as the contract.

Both have one app with one key. With `newer_is_there` False the account has the classic API only. Fields and
their sections are those of the vendor's newest pages (docs/Data Access Api (V1), Session) and of its recorded
classic answers, most of which have the user's properties one level deeper.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.people import UXCAM, Customer, Visit
from sandbox.vendors.stand_in import Clock, StandIn
from sandbox.vendors.uxcam_counts import GROUPS, CountedSession, grouped, is_counted

_APP = "65a0000000000000000000aa"
_DEFAULT_DAYS = 30
_BODY_FIELDS = frozenset({"app_id", "filters", "show_only", "page_size", "cursor", "with_video"})
_DEVICE = ("deviceBasics", "deviceHardware", "devicePerformance")
_PARTS = frozenset({"property", "user", "location", "device", *_DEVICE})
_QUERY_FIELDS = frozenset({"appid", "apikey", "page", "page_size", "filters"})
_NEWEST_LIMITS, _CLASSIC_LIMITS = ((5, 1), (500, 3600)), ((5, 1), (60, 60), (500, 3600))
_MOST_NEWER, _MOST_CLASSIC = 2_000, 500
_NO_VIDEO = "No video available for this session"

Recorded = tuple[Customer, Visit]


class _Refused(Exception):
    """Raised for what the vendor refuses, with status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class UXCam(StandIn):
    """
    One app.

    Attributes:
        identity: the user property that holds the uid.
        has_email: whether the app sets the property `email`; a filter by one that is not set is refused.
        newer_is_there: whether the newer API serves the account.
        nested: whether the classic API has the user's properties one level deeper.
        crowd: sessions that are counted and listed nowhere.
        classic_videos: whether the classic API lists videos, which it has left out since 2024.
        counts_calls: whether a call beyond its limits is refused.

    """

    def __init__(
        self, clock: Clock, people: Sequence[Customer], crowd: Sequence[CountedSession] = ()
    ) -> None:
        super().__init__(clock)
        self.api_key = "a1b2c3d4-uxcam-demo-key"
        self.identity = "kUXCam_UserIdentity"
        self.has_email = True
        self.newer_is_there = True
        self.nested = True
        self.classic_videos = False
        self.counts_calls = True
        self.crowd = crowd
        known = (person for person in people if UXCAM in person.vendors)
        every = [(person, visit) for person in known for visit in person.visits]
        self._recorded: list[Recorded] = sorted(every, key=lambda one: _uploaded(one[1]), reverse=True)
        self._counted: list[datetime] = []

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "UXCAM__APP__APP_ID": _APP,
            "UXCAM__APP__API_KEY": self.api_key,
            "UXCAM__APP__BASE_URL": self.origin,
            "UXCAM__APP__CLASSIC_URL": self.origin,
        }

    def routes(self) -> list[web.RouteDef]:
        """The paths of both APIs that list sessions."""
        return [
            web.post("/api/data-access/v1/session", self._newer),
            web.get("/v2/session", self._classic),
            web.post("/v2/session", self._not_by_post),
            web.get("/v2/session/analytics", self._classic_counts),
        ]

    def refusal(self) -> web.Response:
        """The newer API's answer to a wrong key."""
        return _newer_refusal(_Refused(401, "INVALID_CREDENTIALS", "the key or the app is not known"))

    def rate_limited(self) -> web.Response:
        """The newer API's answer to a call beyond a limit."""
        refused = _newer_refusal(_Refused(429, "RATE_LIMITED", "slow down"))
        refused.headers["Retry-After"] = "1"
        return refused

    def key_in(self, url: str) -> bool:
        """Whether a text holds the key, for tests of what is logged."""
        return self.api_key in url

    async def _newer(self, request: web.Request) -> web.Response:
        if not self.newer_is_there:
            return web.json_response({"detail": "Not Found"}, status=404)
        if request.headers.get("X-Api-Key") != self.api_key:
            return self.refusal()
        if wait := self._over(_NEWEST_LIMITS):
            response = self.rate_limited()
            response.headers["Retry-After"] = str(wait)
            return self._with_limits(response)
        if request.content_type != "application/json":
            return _newer_refusal(_Refused(415, "INVALID_CONTENT_TYPE", "send JSON"))
        try:
            return self._with_limits(self._newer_page(json.loads(await request.text())))
        except _Refused as refused:
            return self._with_limits(_newer_refusal(refused))

    def _newer_page(self, asked: dict[str, Any]) -> web.Response:
        if unknown := set(asked) - _BODY_FIELDS:
            raise _Refused(422, "INVALID_REQUEST", f"unknown: {sorted(unknown)}")
        if asked.get("app_id") != _APP:
            raise _Refused(401, "INVALID_CREDENTIALS", "the key or the app is not known")
        size = asked.get("page_size", 500)
        if not isinstance(size, int) or not 1 <= size <= _MOST_NEWER:
            raise _Refused(422, "INVALID_REQUEST", "page_size is from 1 to 2000")
        found = self._filtered(asked.get("filters", []), "equal")
        begin, number = _read_cursor(asked.get("cursor"), asked)
        parts = [part for part in asked.get("show_only", ["property"]) if part in _PARTS]
        parts += [part for part in _DEVICE if "device" in parts and part not in parts]
        more = begin + size < len(found)
        with_video = asked.get("with_video", False)
        rows = [
            self._newer_row(person, visit, parts, with_video=with_video)
            for person, visit in found[begin : begin + size]
        ]
        paging = {
            "page_size": size,
            "current_page": number,
            "next_page": number + 1 if more else None,
            "has_more": more,
            "next_cursor": _cursor(begin + size, number + 1, asked) if more else None,
        }
        return web.json_response({"success": True, "data": rows, "pagination": paging})

    async def _classic(self, request: web.Request) -> web.Response:
        return self._by_classic(request, self._classic_page)

    async def _classic_counts(self, request: web.Request) -> web.Response:
        return self._by_classic(request, self._counts_page)

    def _by_classic(
        self, request: web.Request, answer: Callable[[Mapping[str, str]], web.Response]
    ) -> web.Response:
        if request.query.get("apikey") != self.api_key or request.query.get("appid") != _APP:
            return web.json_response({"message": "Request authentication failed"}, status=401)
        if self._over(_CLASSIC_LIMITS):
            return web.Response(status=429)
        try:
            return answer(request.query)
        except _Refused as refused:
            error = {"code": refused.code, "message": str(refused)}
            return web.json_response({"success": False, "error": error}, status=refused.status)

    def _classic_page(self, query: Mapping[str, str]) -> web.Response:
        if unknown := set(query) - _QUERY_FIELDS:
            raise _Refused(400, "INVALID_REQUEST", f"unknown: {sorted(unknown)}")
        page, size = int(query.get("page", "1")), int(query.get("page_size", "50"))
        if page < 1 or not 1 <= size <= _MOST_CLASSIC:
            raise _Refused(400, "INVALID_REQUEST", "page or page_size")
        filters = query.get("filters", "[]")
        if any(mark in filters for mark in ("\n", '": ', ", ")):
            raise _Refused(400, "INVALID_FILTER", "no whitespace in filters")
        found = self._filtered(json.loads(filters), "in")
        begin = (page - 1) * size
        rows = [self._classic_row(person, visit) for person, visit in found[begin : begin + size]]
        following = page + 1 if begin + size < len(found) else None
        # `total` is the number of rows on this page, as in every recorded answer.
        paging = {"current": page, "next": following, "total": len(rows)}
        return web.json_response({"success": True, "data": rows, "pagination": paging})

    def _counts_page(self, query: Mapping[str, str]) -> web.Response:
        if unknown := set(query) - _QUERY_FIELDS - {"group_by"}:
            raise _Refused(400, "INVALID_REQUEST", f"unknown: {sorted(unknown)}")
        page, size = int(query.get("page", "1")), int(query.get("page_size", "50"))
        groups = [one.get("attribute") for one in json.loads(query.get("group_by", "[]"))]
        if page < 1 or not 1 <= size <= _MOST_CLASSIC or not set(groups) <= set(GROUPS):
            raise _Refused(400, "INVALID_REQUEST", "page, page_size or group_by")
        filters = json.loads(query.get("filters", "[]"))
        recorded = [
            CountedSession(
                _user_id(person),
                person.app_version,
                person.device,
                person.os[0].lower(),
                _uploaded(visit),
                crashed=bool(visit.errors),
            )
            for person, visit in self._filtered(filters, "in")
        ]
        counted = [*recorded, *(one for one in self.crowd if is_counted(one, filters))]
        rows = grouped(counted, groups, f"https://app.uxcam.com/app/{_APP}/sessions/list/1")
        begin = (page - 1) * size
        shown, following = rows[begin : begin + size], page + 1 if begin + size < len(rows) else None
        paging = {"current": page, "next": following, "total": len(shown)}
        return web.json_response({"success": True, "data": shown, "pagination": paging})

    async def _not_by_post(self, _request: web.Request) -> web.Response:
        return web.json_response({"message": "Method Not Allowed"}, status=405)

    def _over(self, limits: Sequence[tuple[int, int]]) -> int | None:
        """Count a call; returns the seconds to wait where it is beyond a limit, else None."""
        now = self.clock()
        self._counted = [at for at in self._counted if now - at < timedelta(hours=1)]
        for calls, seconds in limits:
            inside = [at for at in self._counted if now - at < timedelta(seconds=seconds)]
            if self.counts_calls and len(inside) >= calls:
                return max(1, int((inside[0] + timedelta(seconds=seconds) - now).total_seconds()))
        self._counted.append(now)
        return None

    def _with_limits(self, response: web.Response) -> web.Response:
        left = max(0, 500 - len(self._counted))
        response.headers.update(
            {
                "X-RateLimit-Limit": "500",
                "X-RateLimit-Remaining": str(left),
                "X-RateLimit-Reset": "3600",
            }
        )
        return response

    def _filtered(self, filters: Any, custom: str) -> list[Recorded]:
        """The sessions of a question; `custom` is the operator for custom properties."""
        if not isinstance(filters, list):
            raise _Refused(400, "INVALID_FILTER", "filters is a list")
        tests = [self._test(one, custom) for one in filters]
        if not any(one["attribute"] == "date_range" for one in filters):
            begin = self.clock() - timedelta(days=_DEFAULT_DAYS)
            tests.append(lambda _person, visit: _uploaded(visit) >= begin)
        return [one for one in self._recorded if all(test(*one) for test in tests)]

    def _test(self, one: Any, custom: str) -> Callable[[Customer, Visit], bool]:
        attribute, operator, value = (one.get(key) for key in ("attribute", "operator", "value"))
        match attribute, operator:
            case "user_custom_property", _ if operator == custom:
                name, wanted = one.get("property_name"), value if custom == "in" else [value]
                if not isinstance(wanted, list):
                    raise _Refused(400, "INVALID_FILTER", "in takes a list")
                if name == "email" and not self.has_email:
                    raise _Refused(400, "INVALID_FILTER", "no such property")
                return lambda person, _visit: self._properties(person).get(name) in wanted
            case "session_id", "equal":
                return lambda person, visit: _session_id(person, visit) == value
            case "uxcamuserid", "equal":
                return lambda person, _visit: _user_id(person) == value
            case "session_crashed", "equal":
                return lambda _person, visit: bool(visit.errors) is value
            case "date_range", "between_dates":
                lower, upper = (datetime.fromisoformat(value[end]).date() for end in ("lower", "upper"))
                if lower > upper:
                    raise _Refused(400, "INVALID_FILTER", "the span is inverted")
                return lambda _person, visit: lower <= _uploaded(visit).date() <= upper
            case _:
                raise _Refused(400, "INVALID_FILTER", "an attribute or operator is not known")

    def _properties(self, person: Customer) -> dict[str, str]:
        properties = {self.identity: person.uid}
        if self.has_email and person.email:
            properties["email"] = person.email
        if person.plan:
            properties["plan"] = person.plan
        return properties

    def _newer_row(
        self, person: Customer, visit: Visit, parts: Sequence[str], *, with_video: bool
    ) -> dict[str, Any]:
        every = {
            "property": _property(visit) | {"uniqueScreens": sorted(set(visit.pages))},
            "user": self._properties(person) | {"uxcamuserid": _user_id(person)},
            "location": {"countryCode": person.country, "city": person.city},
            "deviceBasics": {
                "osName": "BAKLAVA" if person.os[0] == "Android" else person.os[0],
                "osVersion": person.os[1],
                "appVersion": person.app_version,
                "type": "Phone",
            },
            "deviceHardware": {"producer": "Maker", "model": person.device, "platform": person.os[0].lower()},
            "devicePerformance": {"totalRamInMB": 8192, "freeRamInMB": None},
        }
        row = self._head(person, visit, "tara") | {part: every[part] for part in parts if part in every}
        if with_video and not visit.running:
            row["video"] = f"https://sp.uxcam.com/replay/{_session_id(person, visit)}?signature=demo"
        return row

    def _classic_row(self, person: Customer, visit: Visit) -> dict[str, Any]:
        seen = _property(visit) | {"hasVideo": self.classic_videos}
        user: dict[str, Any] = self._properties(person) | {"alias": "Brisk Otter"}
        user["uxcamuserid"] = _user_id(person)
        if self.nested:
            user = {"userProperty": user, "sessionNumber": _number(person, visit)}
        device = {"platform": person.os[0].lower(), "model": person.device, "osVersion": person.os[1]}
        return self._head(person, visit, "app") | {
            "video": self._classic_video(person, visit) if self.classic_videos else _NO_VIDEO,
            "property": seen,
            "user": user,
            "device": device | {"appVersion": person.app_version, "freeRamInKb": None, "dpi": -1},
            "location": {
                "countryCode": person.country,
                "city": person.city,
                "longitude": 9.5,
                "latitude": 51,
            },
        }

    def _classic_video(self, person: Customer, visit: Visit) -> str:
        """A link that Amazon's S3 signs for 24 hours, as in recorded answers."""
        ends = int((self.clock() + timedelta(hours=24)).timestamp())
        file = f"uxcam-videos/{_session_id(person, visit)}.mp4"
        return f"https://s3.amazonaws.com/{file}?AWSAccessKeyId=demo&Expires={ends}&Signature=demo"

    def _head(self, person: Customer, visit: Visit, host: str) -> dict[str, Any]:
        url = session_url(person, visit, host)
        return {"sessionId": _session_id(person, visit), "sessionNumber": _number(person, visit), "url": url}


def session_url(person: Customer, visit: Visit, host: str = "app") -> str:
    """A session's URL on one of the vendor's two dashboards."""
    return f"https://{host}.uxcam.com/app/{_APP}/sessions/list/1/{_session_id(person, visit)}"


def _property(visit: Visit) -> dict[str, Any]:
    return {
        "uploadedServerTime": f"{_uploaded(visit):%Y-%m-%dT%H:%M:%SZ}",
        "verifiedServerTime": f"{visit.started_at:%Y-%m-%dT%H:%M:%SZ}",
        "durationSec": visit.seconds + 0.25,
        "offlineRecorded": visit.offline,
        "networkType": visit.network,
        "isCrashed": bool(visit.errors),
        "rageGestureCount": 2 * len(visit.errors),
        "totalScreen": len(visit.pages),
        "uniqueScreensCount": len(set(visit.pages)),
    }


def _uploaded(visit: Visit) -> datetime:
    """When it reached the vendor: what was recorded without a network comes hours later."""
    return visit.ended_at + (timedelta(hours=3) if visit.offline else timedelta(seconds=20))


def _number(person: Customer, visit: Visit) -> int:
    """Which of the person's sessions it is; the first is number 1."""
    return 1 + sum(other.started_at < visit.started_at for other in person.visits)


def _session_id(person: Customer, visit: Visit) -> str:
    return f"{person.number:08x}{int(visit.started_at.timestamp()):016x}"


def _user_id(person: Customer) -> str:
    return f"65a0c1d2{person.number:016x}"


def _cursor(begin: int, number: int, asked: dict[str, Any]) -> str:
    return f"{begin}.{number}.{_digest(asked)}"


def _read_cursor(cursor: str | None, asked: dict[str, Any]) -> tuple[int, int]:
    """The begin and number of the page at a cursor, which is valid for its own question only."""
    if cursor is None:
        return 0, 1
    begin, _, rest = str(cursor).partition(".")
    number, _, digest = rest.partition(".")
    if not begin.isdecimal() or not number.isdecimal() or digest != _digest(asked):
        raise _Refused(400, "INVALID_REQUEST", "the cursor is not of this question")
    return int(begin), int(number)


def _digest(asked: dict[str, Any]) -> str:
    question = {key: value for key, value in asked.items() if key != "cursor"}
    return str(sum(json.dumps(question, sort_keys=True).encode()))


def _newer_refusal(refused: _Refused) -> web.Response:
    if refused.status == 422:  # noqa: PLR2004 - what FastAPI itself refuses has a list there
        detail: Any = [{"loc": ["body"], "msg": str(refused), "type": "value_error"}]
    else:
        detail = {"code": refused.code, "message": str(refused)}
    return web.json_response({"detail": detail}, status=refused.status)
