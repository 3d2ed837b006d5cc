"""Faults of a vendor, which can be switched on and off while the sandbox runs."""

import asyncio
from enum import StrEnum

from aiohttp import web

_HUGE_BYTES = 10 * 1024 * 1024 + 4096


class Fault(StrEnum):
    """How a stand-in misbehaves."""

    NONE = "well"
    SLOW = "slow"
    BROKEN = "down"
    RATE_LIMITED = "429"
    SPENT = "spent"
    HANG = "hangs"
    TRUNCATED = "truncated answer"
    HTML = "HTML instead of JSON"
    HUGE = "huge answer"
    REFUSED = "bad key"


async def misbehave(fault: Fault, request: web.Request, slow_seconds: float) -> web.StreamResponse | None:
    """The answer of a fault that is the same at every vendor; None where the usual answer follows."""
    if fault is Fault.SLOW:
        await asyncio.sleep(slow_seconds)
    if fault is Fault.HANG:
        await asyncio.Event().wait()
    if fault is Fault.TRUNCATED:
        return await _cut_off(request)
    if fault is Fault.HUGE:
        return await _flood(request)
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
