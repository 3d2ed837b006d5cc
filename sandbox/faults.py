"""What can go wrong at a vendor, to be switched on and off while the sandbox runs."""

import asyncio
from enum import StrEnum

from aiohttp import web

_HUGE_BYTES = 10 * 1024 * 1024 + 4096


class Fault(StrEnum):
    """How a stand-in misbehaves."""

    NONE = "all well"
    SLOW = "slow"
    HANG = "hangs"
    RATE_LIMITED = "429"
    BROKEN = "500"
    TRUNCATED = "truncated answer"
    HTML = "HTML instead of JSON"
    HUGE = "huge answer"
    REFUSED = "bad key"


async def misbehave(
    fault: Fault, request: web.Request, *, retry_after: int | None, slow_seconds: float
) -> web.StreamResponse | None:
    """Give the wrong answer that a fault means, or None where the right one is to follow."""
    if fault is Fault.SLOW:
        await asyncio.sleep(slow_seconds)
    if fault is Fault.HANG:
        await asyncio.Event().wait()
    if fault is Fault.TRUNCATED:
        return await _cut_off(request)
    if fault is Fault.HUGE:
        return await _flood(request)
    return _wrong_answer(fault, retry_after)


def _wrong_answer(fault: Fault, retry_after: int | None) -> web.Response | None:
    if fault is Fault.RATE_LIMITED:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return web.Response(status=429, headers=headers)
    if fault is Fault.BROKEN:
        return web.json_response({"message": "something broke", "code": "internal"}, status=500)
    if fault is Fault.HTML:
        return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
    return None


async def _cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "4096", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data": [{"session_id": "')
    if request.transport is not None:
        request.transport.close()
    return response


async def _flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data": ["')
    chunk = b"x" * 65536
    for _ in range(_HUGE_BYTES // len(chunk)):
        await response.write(chunk)
    await response.write(b'"]}')
    return response
