"""Who it is: name, address, uid and plan, as far as the sources know them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.words import table
from bot.answers.words.style import Mark, Style, joined, listed
from bot.domain.addresses import LONGEST_SUBJECT, address_value
from bot.domain.model import CaseFile, Doubt, Session, SessionUser, Subject, SubjectKind, UrlIs

# Characters of a name and a plan, of each other name in a doubt, and of a source there.
_NAME, _PLAN, _OTHER_NAME, _SOURCE = 60, 40, 80, 60


@dataclass(frozen=True, slots=True)
class Persona:
    """A person by all names that are known, the newest first."""

    name: str | None
    emails: tuple[str, ...]
    uids: tuple[str, ...]
    plan: str | None


def persona_of(subject: Subject | None, users: Sequence[SessionUser]) -> Persona:
    """Who somebody is, by what they were asked for by and by what sources say."""
    asked = {SubjectKind.EMAIL: "", SubjectKind.UID: ""}
    if subject is not None:
        asked[subject.kind] = subject.value
    emails = [asked[SubjectKind.EMAIL], *(user.email or "" for user in users)]
    uids = [asked[SubjectKind.UID], *(user.uid or "" for user in users)]
    emails += [uid for uid in uids if "@" in uid]
    by_address = {address_value(email): email for email in reversed(emails) if email}
    return Persona(
        next((user.name for user in users if user.name), None),
        tuple(by_address[key] for key in dict.fromkeys(address_value(email) for email in emails if email)),
        tuple(dict.fromkeys(uid for uid in uids if uid and "@" not in uid)),
        next((user.plan for user in users if user.plan), None),
    )


def users_of(case_file: CaseFile) -> list[SessionUser]:
    """Those whom the sources name, the newest session's first."""
    return [
        *(session.user for session in case_file.sessions),
        *(user for finding in case_file.findings for user in finding.people),
    ]


def who_line(persona: Persona, style: Style) -> str:
    """The first line of an answer: name, address, uid, plan."""
    uid = _first_of(persona.uids, style)
    return joined(
        [
            style.bold(style.text(persona.name, _NAME)) if persona.name else None,
            _first_of(persona.emails, style),
            (table.UID.format(uid=uid) if persona.emails or persona.name else uid) if uid else None,
            table.PLAN.format(plan=style.text(persona.plan, _PLAN)) if persona.plan else None,
        ]
    )


def short_name(persona: Persona, style: Style) -> str:
    """Who it is in a word or two, for a notification."""
    names = (persona.name, *persona.emails, *persona.uids)
    return style.text(next((name for name in names if name), ""), _NAME)


def _first_of(names: Sequence[str], style: Style) -> str | None:
    if not names:
        return None
    first = style.name(names[0], LONGEST_SUBJECT)
    return first if len(names) == 1 else table.AND_MORE.format(name=first, more=len(names) - 1)


def persons_pages(sessions: Sequence[Session]) -> dict[str, Session]:
    """The addresses of the person's pages that tools have, each with a session of that tool."""
    return {s.url: s for s in reversed(sessions) if s.url and s.url_is is UrlIs.PERSON}


def doubt_lines(case_file: CaseFile, style: Style) -> list[str]:
    """A line for each name that was not looked up, as it may be more than one person's."""
    return [_doubt_line(doubt, style) for doubt in case_file.doubts]


def _doubt_line(doubt: Doubt, style: Style) -> str:
    names = [style.name(subject.value, _OTHER_NAME) for subject in doubt.shared_by]
    is_address = doubt.name.kind is SubjectKind.EMAIL
    sentence = table.IN_DOUBT_UIDS if is_address else table.IN_DOUBT_ADDRESSES
    words = sentence.format(
        name=style.name(doubt.name.value, _OTHER_NAME),
        others=listed([*names, f"{doubt.more} more"] if doubt.more else names),
        sources=listed([style.text(source, _SOURCE) for source in doubt.told_by]),
        UNASKED=table.UNASKED,
    )
    return f"{style.mark(Mark.DOUBT)} {words}"
