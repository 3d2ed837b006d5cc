"""Compressed bodies: the same as was sent, in small pieces."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.inflating import Inflating, NotInflatable
from tests.examples import examples

RAW = -zlib.MAX_WBITS


def deflated(content: bytes, window: int = zlib.MAX_WBITS) -> bytes:
    stream = zlib.compressobj(wbits=window)
    return stream.compress(content) + stream.flush()


def inflated(coding: str, sent: bytes, step: int) -> Iterator[bytes]:
    inflating = Inflating(coding)
    for start in range(0, len(sent), step):
        yield from inflating.pieces(sent[start : start + step])
    yield inflating.end()


@examples(30)
@given(st.binary(max_size=300), st.integers(1, 2_000), st.integers(1, 500))
def test_what_was_compressed_comes_out_whatever_the_chunks(part: bytes, times: int, step: int) -> None:
    content = part * times
    sent = {
        "gzip": gzip.compress(content),
        "deflate": deflated(content),
        "": content,
    }
    for coding, body in sent.items():
        assert b"".join(inflated(coding, body, step * 50)) == content
    assert b"".join(inflated("deflate", deflated(content, RAW), step * 50)) == content


def test_a_bomb_comes_out_in_pieces_that_can_be_counted() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    pieces = Inflating("gzip").pieces(bomb)
    assert max(len(next(pieces)) for _ in range(100)) <= 64 * 1024


@pytest.mark.parametrize(("coding", "body"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"no gzip")])
def test_what_cannot_be_inflated_is_said_to_be_so(coding: str, body: bytes) -> None:
    with pytest.raises(NotInflatable):
        list(inflated(coding, body, 100))
