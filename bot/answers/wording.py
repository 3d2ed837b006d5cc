"""
The lines of a case file, in Slack's markup: of its sessions, errors and sources.

Pure functions that return text; everything that a vendor or a customer wrote is escaped and cut here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answers.absence_words import Clockface, absence_line, nothing_words
from bot.answers.freshness import index_words, left_words
from bot.answers.mrkdwn import ago, code, counted, escaped, lasting, link, local_time
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.links import at_moment
from bot.domain.model import (
    CaseFile,
    Doubt,
    ErrorEvent,
    Finding,
    Session,
    SourceName,
    State,
    SubjectKind,
    UrlIs,
)
from bot.domain.visits.moments import holds
from bot.lookup.absence import Reach, reach

_ERRORS_SHOWN = 5
_SCREENS_SHOWN = 4
# Characters of vendors' and customers' texts that are shown.
_LABEL, _PAGE, _TITLE, _STATUS, _REMARK, _FAILURE = 40, 60, 150, 160, 200, 250
# Characters of each other name in a doubt, of which there may be several in a line.
_OTHER_NAME = 80
# Days that are advised to look back: vendors' common plans keep no more.
_FURTHEST_BACK_DAYS = 90
_TITLES = {"fullstory": "FullStory", "raygun": "Raygun", "rybbit": "Rybbit", "uxcam": "UXCam"}


def headline(case_file: CaseFile) -> str:
    """How much was found and when the person was last seen, and which sources are still being asked."""
    sessions, errors = case_file.sessions, case_file.errors
    asking = f"asking {listed(titles(case_file.waiting))} …" if case_file.waiting else ""
    if not sessions and not errors:
        return asking[:1].upper() + asking[1:] or absence_line(case_file, clockface, source_label)
    tools = len({session.source.vendor for session in sessions})
    parts = [counted(len(sessions), "session") + (f" in {tools} tools" if tools > 1 else "")]
    if errors:
        hits = (1 if error.counts_everybody else error.count or 1 for error in errors)
        parts.append(counted(sum(hits), "error"))
    if any(session.live for session in sessions):
        parts.append("*on the site now*")
    elif case_file.last_seen:
        parts.append(f"last seen {local_time(case_file.last_seen)}")
    failed = [f.source for f in case_file.findings if not f.answered]
    if failed and not asking:
        parts.append(f"{listed(titles(failed))} could not answer")
    return " · ".join([*parts, asking] if asking else parts)


SAME_VISIT = "↳ the same visit"


def session_lines(session: Session, first_words: str | None = None, moment: datetime | None = None) -> str:
    """
    A session's two lines: when it was and its link; how long, which pages, on which device.

    The link opens shortly before `moment`, if the session was running then and its URL can carry a time.
    """
    first = [first_words, _when(session)] if first_words else [_when(session)]
    if session.url:
        url = at_moment(session.url, moment) if moment and holds(session, moment) else session.url
        first.append(link(url, _link_label(session)))
    else:
        first.append(source_label(session.source))
    second = [
        part for part in (_duration(session), _pages(session), _device(session), _place(session)) if part
    ]
    second += _signs(session)
    return "\n".join(" · ".join(line) for line in (first, second) if line)


def _signs(session: Session) -> list[str]:
    """What is special about a session: a crash, errors, rage taps, the channel, a replay or video."""
    signs = ["*the app crashed*"] if session.crashed else []
    if session.errors and not session.crashed:
        signs.append(f"*{counted(session.errors, 'error')}*")
    if session.rage_taps:
        signs.append(counted(session.rage_taps, "rage tap"))
    if session.channel:
        signs.append(f"channel: {escaped(session.channel, _LABEL)}")
    if session.has_replay and session.url_is is UrlIs.PERSON:
        signs.append("replay recorded")
    if session.video:
        ends = local_time(session.video_expires_at) if session.video_expires_at else None
        signs.append(f"{link(session.video, 'video')} ({f'until {ends}' if ends else 'the link ends soon'})")
    return signs


def _when(session: Session) -> str:
    if session.live:
        return f"*{local_time(session.started_at)} – now*" if session.started_at else "*now*"
    return f"*{local_time(session.started_at)}*" if session.started_at else "*time not known*"


def _link_label(session: Session) -> str:
    label = source_label(session.source)
    return f"{label}: the person’s page" if session.url_is is UrlIs.PERSON else f"{label}: replay"


def source_label(name: SourceName) -> str:
    """A source as people know it: "Rybbit (www)"."""
    return f"{_TITLES[name.vendor]} ({escaped(name.account, _LABEL)})"


def _duration(session: Session) -> str | None:
    return None if session.duration_seconds is None else lasting(session.duration_seconds)


def _pages(session: Session) -> str | None:
    count = None if session.pages is None else counted(session.pages, _page_noun(session))
    if session.screens:
        way = ", ".join(escaped(screen, _LABEL) for screen in session.screens[:_SCREENS_SHOWN])
    else:
        ends = [escaped(page, _PAGE) for page in (session.entry_page, session.exit_page) if page]
        way = " → ".join(dict.fromkeys(ends))
    return ": ".join(part for part in (count, way) if part) or None


def _page_noun(session: Session) -> str:
    return "screen" if session.app_version or session.screens else "page"


def _device(session: Session) -> str | None:
    app = f"app {session.app_version}" if session.app_version else None
    parts = [escaped(part, _LABEL) for part in (session.device, session.browser, session.os, app) if part]
    return ", ".join(parts) or None


def _place(session: Session) -> str | None:
    return ", ".join(escaped(part, _LABEL) for part in (session.city, session.country) if part) or None


def error_lines(case_file: CaseFile) -> list[str]:
    """A heading and a line for each of the newest errors."""
    errors = case_file.errors
    lines = ["*Recent errors*", *(_error_line(error, case_file) for error in errors[:_ERRORS_SHOWN])]
    if len(errors) > _ERRORS_SHOWN:
        lines.append(f"{len(errors) - _ERRORS_SHOWN} more not shown")
    return lines


def _error_line(error: ErrorEvent, case_file: CaseFile) -> str:
    parts = [f"• {escaped(error.title, _TITLE)}"]
    if error.count and error.count > 1:
        parts.append(f"{error.count} times" + (" among all users" if error.counts_everybody else ""))
    if error.page:
        parts.append(f"on {escaped(error.page, _PAGE)}")
    if error.occurred_at:
        parts.append(local_time(error.occurred_at))
    elif started := _session_start(error, case_file):
        parts.append(f"in the session of {local_time(started)}")
    if error.status:
        parts.append(escaped(error.status, _STATUS))
    label = source_label(error.source)
    parts.append(link(error.url, label) if error.url else label)
    if replay := _replay_link(error, case_file):
        parts.append(replay)
    return " · ".join(parts)


def _replay_link(error: ErrorEvent, case_file: CaseFile) -> str | None:
    """A link to shortly before the error; None without a session then whose URL can carry a time."""
    if error.occurred_at is None:
        return None
    for session in case_file.sessions:
        if session.url and holds(session, error.occurred_at):
            url = at_moment(session.url, error.occurred_at)
            if url != session.url:
                return link(url, f"watch it in {source_label(session.source)}")
    return None


def _session_start(error: ErrorEvent, case_file: CaseFile) -> Any:
    sessions = case_file.sessions
    return next(
        (s.started_at for s in sessions if (s.source, s.id) == (error.source, error.session_id)), None
    )


def source_lines(case_file: CaseFile) -> list[str]:
    """A line for each source: how fresh it is, what went wrong, what is left of its quota."""
    with_finding = {finding.source for finding in case_file.findings}
    asking = (name for name in case_file.waiting if name not in with_finding)
    return [
        *(_source_line(finding, case_file) for finding in case_file.findings),
        *(f":hourglass_flowing_sand: {source_label(name)}: asking …" for name in asking),
    ]


def _source_line(finding: Finding, case_file: CaseFile) -> str:
    parts = [state_words(finding, case_file, clockface), index_words(finding, clockface)]
    if finding.source in case_file.waiting and not finding.failure:
        parts.append("asking again …")
    parts += [escaped(remark, _REMARK) for remark in finding.notes]
    if finding.failure:
        parts.append(escaped(finding.failure.message, _FAILURE))
        if finding.failure.until:
            parts.append(f"again from {local_time(finding.failure.until)}")
    parts.append(left_words(finding, clockface))
    words = "; ".join(part for part in parts if part)
    return f"{_mark(finding, case_file)} {source_label(finding.source)}: {words}"


def clockface(moment: datetime) -> str:
    """A time as an answer names it, in the reader's own zone."""
    return local_time(moment, "{date_short_pretty} {time}")


def _mark(finding: Finding, case_file: CaseFile) -> str:
    """How a source's answer is: a tick only at the end, and where it has looked at the whole span."""
    if finding.source in case_file.waiting:
        return ":hourglass_flowing_sand:"
    if finding.state in (State.FAILED, State.QUOTA):
        return ":warning:"
    if finding.state is State.STALE:
        return ":hourglass:"
    is_whole = reach(finding, case_file) is Reach.WHOLE
    return ":white_check_mark:" if is_whole and not case_file.waiting else ":white_small_square:"


def state_words(finding: Finding, case_file: CaseFile, time: Clockface) -> str:
    """How many sessions a source has, and how old that is; empty where it has not answered."""
    age = ago((case_file.as_of - finding.as_of).total_seconds()) if finding.as_of else ""
    if finding.sessions:
        found = counted(len(finding.sessions), "session")
    elif finding.errors:
        found = f"no session, {counted(len(finding.errors), 'error')}"
    else:
        found = nothing_words(finding, case_file, time)
    match finding.state:
        case State.LIVE:
            return f"{found}, live"
        case State.CACHED:
            return f"{found}, asked {age}"
        case _ if finding.covers is not None:
            return found
        case _ if finding.as_of:
            return f"{found}, as of {age}"
        case _:
            return ""


def doubt_lines(case_file: CaseFile) -> list[str]:
    """A line for each name that was not looked up, as it may be more than one person's."""
    return [_doubt_line(doubt) for doubt in case_file.doubts]


def _doubt_line(doubt: Doubt) -> str:
    names = [code(subject.value, _OTHER_NAME) for subject in doubt.shared_by]
    others = listed([*names, f"{doubt.more} more"] if doubt.more else names)
    uids = doubt.name.kind is SubjectKind.EMAIL
    kind = "more than one uid" if uids else "more than one address"
    sources = listed([escaped(source, _PAGE) for source in doubt.told_by])
    return (
        f":grey_question: {code(doubt.name.value, _OTHER_NAME)} goes with {kind}: {others} (by {sources})."
        " They may be different people, so nothing was looked up by the other name."
    )


def advice_on(case_file: CaseFile) -> list[str]:
    """What to try where somebody was not found."""
    subject, advice = case_file.subject, []
    local, at, domain = subject.value.partition("@")
    plain, plus, _tag = local.partition("+")
    if subject.kind is SubjectKind.EMAIL and plus and plain and at:
        advice.append(f"without its tag: {code(f'{plain}@{domain}', LONGEST_SUBJECT)}")
    if case_file.days < _FURTHEST_BACK_DAYS:
        command = f"{subject.value} {_FURTHEST_BACK_DAYS}d"
        advice.append(f"further back: {code(command, LONGEST_SUBJECT + len(' 90d'))}")
    if subject.kind is SubjectKind.EMAIL:
        advice.append("their uid in your product, where your sites identify people by it")
    else:
        advice.append("their email address; a uid is compared exactly, capitals included")
    return advice


def titles(names: Sequence[SourceName]) -> list[str]:
    """Sources as people know them."""
    return [source_label(name) for name in names]


def listed(words: list[str]) -> str:
    """Words as a sentence lists them: "a, b and c"; "no source" for none."""
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "no source"
    )
