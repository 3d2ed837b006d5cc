"""Which links may be shown: those to the vendor's own hosts, or to the configured server."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

# Characters of a URL; a longer one leaves no room in a block (Slack allows 3,000).
_LONGEST = 2_500
_CONTROL = re.compile(r"[\x00-\x1f]")
# What nearly all links are: nothing in them is read in two ways, and nothing has to be encoded.
_PLAIN = re.compile(r"https://([a-z0-9.-]+)(?:[/?#][A-Za-z0-9%/:=&?~#+!$,;'@()*._-]*)?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class LinkRule:
    """`hosts`: the vendor's domains, with all their subdomains; `origins`: the configured servers'."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def allow(self, url: str | None) -> str | None:
        """The link as it may be shown (`https` on the vendor's hosts); None where it may not be."""
        # urlsplit removes control characters silently; no vendor's link has any.
        if not url or len(url) > _LONGEST or _CONTROL.search(url):
            return None
        if (plain := _PLAIN.fullmatch(url)) and self._knows(plain[1]):
            return url
        try:
            parts = urlsplit(url)
            host, port, origin = (parts.hostname or "").lower(), parts.port, _origin(parts)
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or parts.username is not None or "\\" in url:
            return None
        if port is None and self._knows(host):
            return encoded(f"https://{host}{url[url.index(parts.netloc) + len(parts.netloc) :]}")
        return encoded(url) if origin in {origin_of(known) for known in self.origins} else None

    def _knows(self, host: str) -> bool:
        return any(host == known or host.endswith(f".{known}") for known in self.hosts)


def origin_of(url: str) -> str:
    """
    A URL's scheme, host and port, in one spelling.

    Raises:
        ValueError: when it is not a URL.

    """
    return _origin(urlsplit(url))


def _origin(parts: SplitResult) -> str:
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def encoded(url: str) -> str:
    """The URL with blanks, quotes, `<>|^` and the like encoded: they could end a link or mean something."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]")
