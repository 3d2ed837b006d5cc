"""Work Objects against the rules of Slack's documents, whatever a vendor wrote."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from bot.answers.cards import Card
from bot.answers.entities import Reference, card_entity, pane_entity
from bot.domain.model import ErrorEvent, Finding, Session, SessionUser, State, UrlIs
from sandbox.slack.entities import check_entity
from sandbox.slack.mrkdwn import find_mentions
from sandbox.slack.plain_text import walk
from tests.bot.answers.case_files import HOSTILE, JANE, MAIN, NOW, case_file, session

URL = "https://app.fullstory.com/ui/O/session/1:2"
REFERENCE = Reference("0" * 32, "session", URL)


def card(*sessions: Session, errors: tuple[ErrorEvent, ...] = (), of_person: bool = False) -> Card:
    found = Finding(MAIN, State.LIVE, NOW, 1, sessions, errors)
    return Card(case_file(found), None if of_person else sessions[0], JANE, 30, 5)


def visit(number: int = 0, **fields: Any) -> Session:
    started = NOW - timedelta(hours=number)
    usual: dict[str, Any] = {"source": MAIN, "id": f"s{number}", "url": URL, "url_is": UrlIs.SESSION}
    ended = started + timedelta(minutes=4)
    return session(**(usual | {"started_at": started, "ended_at": ended} | fields))


def error(number: int = 0, **fields: Any) -> ErrorEvent:
    usual: dict[str, Any] = {"title": f"TypeError {number}", "session_id": "s0", "page": "/pay"}
    at = NOW + timedelta(seconds=60 - 20 * number)
    usual |= {"url": f"https://app.fullstory.com/e/{number}", "occurred_at": at}
    return ErrorEvent(MAIN, **(usual | fields))


def fields(entity: dict[str, Any]) -> dict[str, Any]:
    return {field["key"]: field["value"] for field in entity["entity_payload"]["custom_fields"]}


def test_the_side_pane_says_all_that_the_card_says_and_more() -> None:
    shown = card(visit(), errors=(error(0), error(1), error(2)))
    short, long = fields(card_entity(shown, REFERENCE, URL)), fields(pane_entity(shown, REFERENCE))
    assert short["trouble"] == "TypeError 0 on /pay"
    assert short["trouble_at"] == int((NOW + timedelta(seconds=60)).timestamp())
    assert short["pages"] == "5 pages: /cart → /pay"
    assert short["device"] == "Chrome 142 on Windows 11"
    assert short["errors"] == 3
    assert short.items() < long.items()
    assert long["error_1"].startswith("TypeError 1 on /pay")
    assert {URL, "https://app.fullstory.com/e/2"} < {value for key, value in long.items() if "link" in key}
    assert "FullStory" in long["tools"]


def test_a_persons_page_tells_how_many_visits_there_are_and_when_the_ones_before_began() -> None:
    entity = pane_entity(card(visit(1), visit(2), visit(3), visit(4), of_person=True), REFERENCE)
    told = fields(entity)
    assert told["visits"] == 4
    assert told["visit_2"] == int((NOW - timedelta(hours=2)).timestamp())
    assert entity["entity_payload"]["attributes"]["display_type"] == "Person"


def test_a_card_that_is_still_being_written_offers_no_more_of_that_person() -> None:
    shown = card(visit())
    preview = Card(shown.case_file, shown.session, shown.subject, 30, 5, is_preview=True)
    [opens] = card_entity(preview, REFERENCE, URL)["entity_payload"]["actions"]["primary_actions"]
    assert opens["text"] == "Open"


def test_what_vendors_write_mentions_nobody() -> None:
    user = SessionUser(HOSTILE, None, HOSTILE, HOSTILE)
    shown = card(
        visit(user=user, browser=HOSTILE, city=HOSTILE), errors=(error(title=HOSTILE, page=HOSTILE),)
    )
    for entity in (card_entity(shown, REFERENCE, URL), pane_entity(shown, REFERENCE)):
        texts = [value for one in walk(entity) for value in one.values() if isinstance(value, str)]
        assert [text for text in texts if list(find_mentions(text, link_names=False))] == []


@given(some.text(max_size=4_000), some.text(max_size=4_000))
def test_whatever_a_vendor_writes_the_entity_keeps_slacks_rules(name: str, words: str) -> None:
    user = SessionUser(name or None, None, words or None, name or None)
    strange = visit(user=user, device=words, entry_page=name, exit_page=words, city=words)
    shown = card(strange, errors=(error(title=words, page=name, url=None), error(1, title=name or "x")))
    check_entity(card_entity(shown, REFERENCE, URL), {URL})
    check_entity(pane_entity(shown, REFERENCE))
