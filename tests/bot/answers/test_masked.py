"""What is shown masked says no more than counts and times, whatever vendors and customers wrote."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.answers.targets.masked import MaskedView, answer, masked_name, nobody, parent, reply
from bot.domain.model import (
    CaseFile,
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    SessionUser,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.domain.subjects import NotUnderstood, read_subject
from bot.storage.keyring import Keyring

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
SOURCE = SourceName("rybbit", "www")
SEAL = Keyring(("a-secret-of-the-tests-of-32-signs",)).seal
# A word that could not be there by chance.
TOLD = "Zq7Zq7Zq7"
WORDS = st.just(TOLD) | st.just(f"https://{TOLD}.example/x") | st.just(f"{TOLD}@contoso.example")


def email(address: str) -> Subject:
    subject = read_subject(address)
    assert not isinstance(subject, NotUnderstood)
    return subject


def test_a_name_is_masked_but_for_its_first_letter_and_its_domain() -> None:
    assert masked_name(email("Jane@Contoso.example")) == "j***@contoso.example"
    assert masked_name(Subject(SubjectKind.UID, "cust-8841", "cust-8841")) == "c***"
    assert masked_name(Subject(SubjectKind.UID, "u7", "u7")) == "***"


@given(words=st.lists(WORDS, min_size=9, max_size=9), waits=st.booleans())
def test_nothing_that_a_vendor_or_a_customer_wrote_is_shown(words: list[str], waits: bool) -> None:
    url, page, title, device, name, uid, trail, note, ident = words
    user = SessionUser(uid=uid, email=f"{TOLD}@contoso.example", name=name)
    session = Session(
        SOURCE, ident, url, started_at=NOW, user=user, entry_page=page, exit_page=page, device=device,
        browser=device, city=name, trail=(trail,), errors=2, duration_seconds=61,
    )  # fmt: skip
    error = ErrorEvent(SOURCE, title, "5", url, page=page)
    failure = Failure(Reason.TIMED_OUT, "has not answered in time")
    found = Finding(SOURCE, State.LIVE, NOW, 2, (session,), (error,), (user,), (note,), failure)
    subject = Subject(SubjectKind.UID, f"{TOLD}-of-a-customer", f"{TOLD}-of-a-customer")
    case_file = CaseFile(subject, NOW, 30, (found,), (SOURCE,) if waits else ())
    view = MaskedView(asker="U1", seal=SEAL)
    messages = [
        parent(case_file, view),
        reply(case_file, view),
        answer([case_file], view),
        nobody([case_file], view),
    ]
    for message in messages:
        assert TOLD not in message.text + json.dumps(message.blocks)
        assert "1 visit" in message.text


def test_of_errors_nothing_is_said_masked_where_none_is_known() -> None:
    subject = email("jane@contoso.example")
    for errors, said in ((None, ""), (0, ""), (2, "2 errors")):
        session = Session(SOURCE, "1", started_at=NOW, errors=errors)
        case_file = CaseFile(subject, NOW, 30, (Finding(SOURCE, State.LIVE, NOW, 1, (session,)),))
        view = MaskedView(asker="U1", seal=SEAL)
        for message in (parent(case_file, view), reply(case_file, view), answer([case_file], view)):
            written = message.text + json.dumps(message.blocks)
            assert ("error" in written) is bool(said)
            assert said in written
