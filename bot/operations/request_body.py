"""The body of an HTTP request, up to a bound."""

from starlette.requests import Request


async def bounded_body(request: Request, longest: int) -> bytes | None:
    """The body; None where it is longer than `longest` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            return None
    return bytes(body)
