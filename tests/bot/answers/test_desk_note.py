"""A note in a help desk is HTML: whatever a vendor or a customer wrote is text in it, and leads nowhere."""

import re
from datetime import timedelta
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as some

from bot.answers.desk_note import desk_note
from bot.domain.model import ErrorEvent, Finding, SessionUser, State, Subject, SubjectKind
from tests.bot.answers.case_files import HOSTILE, JANE, NOW, WWW, case_file, session

PIECES = [
    HOSTILE,
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</a></b>&amp;<br>",
    "https://evil.example/b",
    "WWW.evil.example",
    "\u202e\u061c\u2066",
    "\U000e0041\0",
]
WORDS = some.lists(some.sampled_from(PIECES) | some.text(max_size=5), max_size=4).map("".join)


class Read(HTMLParser):
    """The tags, the addresses and the words of some HTML."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.words: list[str] = []
        self.feed(written)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.links += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@given(WORDS)
def test_nothing_that_is_foreign_formats_links_or_reverses(word: str) -> None:
    user = SessionUser(uid=word, email=word, name=word, plan=word)
    told = {"entry_page": word, "exit_page": word, "device": word, "browser": word, "os": word, "city": word}
    visit = session(user=user, country=word, trail=(word,), referrer=word, campaign=word, **told)
    error = ErrorEvent(WWW, word, "5", occurred_at=NOW - timedelta(minutes=12), page=word, status=word)
    found = Finding(WWW, State.LIVE, NOW, 1, (visit,), (error,), notes=(word,))
    for subject in (JANE, Subject(SubjectKind.UID, word, word)):
        read = Read(desk_note([case_file(found, subject=subject)], NOW, "the mark"))
        assert read.tags <= {"a", "b", "br"}
        assert {*read.links} <= {visit.url}
        said = "".join(read.words)
        # Help desks make links of what looks like an address.
        assert not re.search(r"://|\bwww\.", said, re.IGNORECASE)
        assert not re.search("[\u202e\u061c\u2066\U000e0041\0]", said)
        assert "the mark" in said
