"""The examples of Raygun's legacy contract, and a vendor that answers with them."""

from typing import Any

import httpx2

from tests.bot.sources.canned import Canned, answer

USER = {
    "id": 55120, "isAnonymous": False, "identifier": "cust-8841", "firstName": "Jane", "fullName": "Jane Roe",
    "emailAddress": "jane@corp.example", "firstSeen": "2026-01-09T10:00:00.000Z",
    "lastSeen": "2026-11-03T08:31:00.004Z", "links": {"web": "https://app.raygun.com/rum/u/55120"},
}  # fmt: skip
LISTED: dict[str, Any] = {
    "id": 918273645012, "sessionStart": "2026-11-03T08:14:09.120Z", "sessionUpdated": "2026-11-03T08:31:00.004Z",
    "sessionEnd": None, "user": USER, "browser": {"name": "Firefox", "version": "131.0"},
    "platform": {"name": "Desktop"}, "os": {"name": "Windows", "version": "11"},
    "location": {"country": "DE", "ipAddress": "203.0.113.9"}, "sessionLength": 1010884, "status": "active",
    "pageViewCount": 12, "links": {"self": "https://api.raygun.com/x", "web": "https://app.raygun.com/rum/s/1"},
}  # fmt: skip
FOREIGN = LISTED | {
    "id": 918270000001, "status": "ended", "sessionLength": 0,
    "user": {"id": 70001, "isAnonymous": True, "identifier": "1b9d…", "firstName": None, "fullName": None,
             "emailAddress": None, "firstSeen": None, "lastSeen": None, "links": {"web": "https://app.raygun.com/…"}},
}  # fmt: skip
DETAIL: dict[str, Any] = {
    "session": {k: v for k, v in LISTED.items() if k != "pageViewCount"}
    | {
        "satisfactionRating": "Poor",
        "location": {"country": "DE", "ipAddress": "203.0.113.9", "ipLookup": {"country": "Germany", "state": "Hesse", "city": "Kassel"}},
        "errors": [{"groupId": 5544332211, "instanceId": 99887766550, "title": "TypeError: cart is undefined", "links": {"web": "https://app.raygun.com/crashreporting/19abc7x/errors/5544332211"}}],
        "pageViews": [{"page": "https://shop.example/cart?token=1", "loadingTime": 2210, "viewingTime": 64000, "viewedOn": "2026-11-03T08:15:00.000Z"}],
    }
}  # fmt: skip


def vendor(
    sessions: list[Any] | None = None,
    sessions_answer: httpx2.Response | None = None,
    **answers: httpx2.Response,
) -> Canned:
    rows = [LISTED] if sessions is None else sessions
    usual = {
        "authenticate": answer({"sessionKey": "pk_9f2b61f0c4"}, 202),
        "sessions": sessions_answer or answer({"totalSessions": len(rows), "sessions": rows, "links": {}}),
        "session": answer(DETAIL),
    } | answers

    def respond(request: httpx2.Request) -> httpx2.Response:
        canned = usual[request.url.path.rsplit("/", 1)[1]]
        return httpx2.Response(canned.status_code, content=canned.content, headers=canned.headers)

    return Canned(respond)
