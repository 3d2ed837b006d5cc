"""
Links to videos, which UXCam signs for a while: whoever has one can watch until it ends.

The classic API's are on Amazon's S3, ended by `Expires` (seconds since 1970) or, in its newer form, by
`X-Amz-Date` and `X-Amz-Expires`; the newer API's are on `sp.uxcam.com` (docs/Data Access Api (V1), Session).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from bot.sources.json_fields import to_count, to_moment
from bot.sources.safe_links import LinkRule

_LINKS = LinkRule(hosts=("uxcam.com", "s3.amazonaws.com"))
# Names under which a signed link may have the time of its end.
_ENDS = ("expires", "expiry", "exp")
_AMAZON_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Video:
    """A link to a video; `ends_at` is None where the link does not say."""

    url: str
    ends_at: datetime | None


def read_video(value: str | None, now: datetime) -> Video | None:
    """
    The link, if it is one that can be watched now.

    Without a video the vendor says "No video available for this session" in its place.
    """
    url = _LINKS.allow(value)
    if url is None:
        return None
    ends_at = _end(url)
    return None if ends_at is not None and ends_at <= now else Video(url, ends_at)


def _end(url: str) -> datetime | None:
    try:
        query = parse_qs(urlsplit(url).query, max_num_fields=50)
    except ValueError:
        return None
    named = {name.lower(): values[0] for name, values in query.items()}
    for name in _ENDS:
        if (moment := to_moment(named.get(name))) is not None:
            return moment
    lasts = to_count(named.get("x-amz-expires"))
    try:
        signed = datetime.strptime(named.get("x-amz-date", ""), _AMAZON_TIME).replace(tzinfo=UTC)
        return signed + timedelta(seconds=lasts) if lasts is not None else None
    except (ValueError, OverflowError):
        return None
