"""What was sent compressed, inflated a bounded piece at a time: 64 KiB can hold 64 MiB."""

import zlib
from collections.abc import Iterator

ACCEPTED = "gzip, deflate"
"""The content codings that `Inflating` knows, for a request's `Accept-Encoding`."""

_LARGEST_PIECE = 64 * 1024
# What zlib is told for either format with its header: it finds out which one it is.
_EITHER = zlib.MAX_WBITS | 32
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})


class NotInflatable(Exception):
    """Raised when a body is compressed in another way than was accepted, or broken."""


class Inflating:
    """
    The pieces of one body.

    Args:
        coding: the header `Content-Encoding`; empty for a body that is sent as it is.

    Raises:
        NotInflatable: for a coding that was not accepted.

    """

    def __init__(self, coding: str) -> None:
        name = coding.strip().lower()
        if name not in _CODINGS and name not in {"", "identity"}:
            raise NotInflatable
        self._is_raw_possible = name == "deflate"
        self._stream = zlib.decompressobj(_EITHER) if name in _CODINGS else None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """
        What the next bytes hold, in pieces of at most 64 KiB.

        Raises:
            NotInflatable: when they are not compressed as `coding` says.

        """
        if self._stream is None:
            yield data
            return
        while data:
            piece, data = self._next(self._stream, data)
            yield piece

    def end(self) -> bytes:
        """What is left to inflate when all bytes were handed over: at most a few hundred bytes."""
        return b"" if self._stream is None else self._stream.flush()

    def _next(self, stream: "zlib._Decompress", data: bytes) -> tuple[bytes, bytes]:
        """The next piece, and what of the bytes has not been looked at."""
        raw_possible, self._is_raw_possible = self._is_raw_possible, False
        try:
            piece = stream.decompress(data, _LARGEST_PIECE)
        except zlib.error:
            if not raw_possible:
                raise NotInflatable from None
            # Some servers leave zlib's header out of what they call deflate.
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._next(self._stream, data)
        return piece, b"" if stream.eof else stream.unconsumed_tail
