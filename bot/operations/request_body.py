"""The body of an HTTP request, read only as far as it may be long."""

from starlette.requests import Request


async def bounded_body(request: Request, longest: int) -> bytes | None:
    """The body; None where it is longer than so many bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            return None
    return bytes(body)
