"""
A case file as Slack shows it: pure functions to Block Kit.

The parent says who, how much and when last; the reply has the sessions, the errors and one line for each
source. Limits of Block Kit: `slack.md`, "Block Kit limits".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.casefile import (
    CaseFile,
    ErrorEvent,
    Finding,
    Session,
    SourceName,
    State,
    Subject,
    SubjectKind,
    UrlIs,
)
from bot.mrkdwn import ago, code, counted, escaped, lasting, link, local_time

SHOWN_AT_MOST = 20
_ERRORS_SHOWN = 5
_SECTION = 3_000
_CONTEXT_ELEMENTS = 10
_CONFIRM = 300
_TITLES = {"fullstory": "FullStory", "raygun": "Raygun", "rybbit": "Rybbit", "uxcam": "UXCam"}

REFRESH = "refresh"
SHOW_MORE = "show_more"


@dataclass(frozen=True, slots=True)
class Message:
    """What one Slack message consists of; `text` is what notifications and screen readers get."""

    text: str
    blocks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class View:
    """How a case file is to be shown: to whom, how much of it, and with which hint below."""

    asker: str | None = None
    shown: int = 5
    hint: str | None = None
    buttons: bool = True


def parent(case_file: CaseFile, view: View) -> Message:
    """Give the message in the channel: who, how many sessions and errors, when last seen, who asked."""
    who = code(case_file.subject.value, 128)
    lines = [f"*Sessions of* {who}", _headline(case_file)]
    asked = f"Asked by <@{view.asker}> · last {counted(case_file.days, 'day')}" if view.asker else ""
    blocks: list[Block] = [_section("\n".join(lines))]
    if asked:
        blocks.append(_context([asked]))
    return Message(f"Sessions of {who}: {_headline(case_file)}", _dicts(blocks))


def reply(case_file: CaseFile, view: View) -> Message:
    """Give the message in the thread: sessions newest first, errors, sources, buttons."""
    sessions = case_file.sessions[: view.shown]
    blocks: list[Block] = [_section(_session_lines(session)) for session in sessions]
    if left := len(case_file.sessions) - len(sessions):
        blocks.append(_context([f"{counted(left, 'older session')} not shown"]))
    if not case_file.sessions:
        blocks += _when_nobody(case_file)
    if case_file.errors:
        blocks.append(DividerBlock())
        blocks += _packed(_error_lines(case_file))
    blocks += _source_lines(case_file)
    if view.hint:
        blocks.append(_context([view.hint]))
    if view.buttons:
        blocks.append(_buttons(case_file, view))
    text = f"{_headline(case_file)} for {code(case_file.subject.value, 128)}"
    return Message(text, _dicts(blocks))


def together(case_file: CaseFile, view: View) -> Message:
    """Give parent and reply as one message, for where only the asker sees the answer."""
    above, below = parent(case_file, view), reply(case_file, view)
    return Message(above.text, [*above.blocks, *below.blocks])


def note(text: str) -> Message:
    """Give a message that is one paragraph of our own words."""
    return Message(text, _dicts([_section(text)]))


@dataclass(frozen=True, slots=True)
class ButtonValue:
    """What a button carries: enough to ask the same again."""

    subject: Subject
    days: int
    shown: int
    asker: str | None = None

    def dumps(self) -> str:
        """Give it as a button's value."""
        subject = self.subject
        parts = [subject.kind, subject.value, subject.typed, self.days, self.shown, self.asker]
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def loads(cls, value: str) -> "ButtonValue":
        """Read it back; raises ValueError on anything else."""
        kind, known_as, typed, days, shown, asker = json.loads(value)
        return cls(Subject(SubjectKind(kind), str(known_as), str(typed)), int(days), int(shown), asker)


def _headline(case_file: CaseFile) -> str:
    sessions, errors = case_file.sessions, case_file.errors
    asking = f"asking {_and(_titles(case_file.waiting))} …" if case_file.waiting else ""
    if not sessions and not errors:
        if asking:
            return asking[0].upper() + asking[1:]
        if not case_file.answered:
            return "No source could answer"
        failed = " so far as could be asked" if any(f.failure for f in case_file.findings) else ""
        return f"Nobody found{failed} in the last {counted(case_file.days, 'day')}"
    tools = len({session.source.vendor for session in sessions})
    parts = [counted(len(sessions), "session") + (f" in {tools} tools" if tools > 1 else "")]
    if errors:
        parts.append(counted(sum(error.count or 1 for error in errors), "error"))
    if any(session.live for session in sessions):
        parts.append("*on the site now*")
    elif case_file.last_seen:
        parts.append(f"last seen {local_time(case_file.last_seen)}")
    silent = [f.source for f in case_file.findings if not f.answered and f.source not in case_file.waiting]
    if silent:
        parts.append(f"{_and(_titles(silent))} could not answer")
    return " · ".join([*parts, asking] if asking else parts)


def _session_lines(session: Session) -> str:
    first = [_when(session)]
    if session.url:
        first.append(link(session.url, _link_label(session)))
    else:
        first.append(_source_label(session.source))
    second = [
        part for part in (_duration(session), _pages(session), _device(session), _place(session)) if part
    ]
    if session.errors:
        second.append(f"*{counted(session.errors, 'error')}*")
    return "\n".join(" · ".join(line) for line in (first, second) if line)


def _when(session: Session) -> str:
    if session.live:
        return f"*{local_time(session.started_at)} – now*" if session.started_at else "*now*"
    return f"*{local_time(session.started_at)}*" if session.started_at else "*time not known*"


def _link_label(session: Session) -> str:
    label = _source_label(session.source)
    return f"{label}: the person’s page" if session.url_is is UrlIs.PERSON else f"{label}: replay"


def _source_label(name: SourceName) -> str:
    return f"{_TITLES[name.vendor]} ({escaped(name.account, 40)})"


def _duration(session: Session) -> str | None:
    return None if session.duration_seconds is None else lasting(session.duration_seconds)


def _pages(session: Session) -> str | None:
    count = None if session.pages is None else counted(session.pages, "page")
    ends = [escaped(page, 60) for page in (session.entry_page, session.exit_page) if page]
    way = " → ".join(dict.fromkeys(ends))
    return ": ".join(part for part in (count, way) if part) or None


def _device(session: Session) -> str | None:
    parts = [escaped(part, 40) for part in (session.device, session.browser, session.os) if part]
    return ", ".join(parts) or None


def _place(session: Session) -> str | None:
    return ", ".join(escaped(part, 40) for part in (session.city, session.country) if part) or None


def _error_lines(case_file: CaseFile) -> list[str]:
    errors = case_file.errors
    lines = ["*Recent errors*", *(_error_line(error, case_file) for error in errors[:_ERRORS_SHOWN])]
    if len(errors) > _ERRORS_SHOWN:
        lines.append(f"{len(errors) - _ERRORS_SHOWN} more not shown")
    return lines


def _error_line(error: ErrorEvent, case_file: CaseFile) -> str:
    parts = [f"• {escaped(error.title, 150)}"]
    if error.count and error.count > 1:
        parts.append(f"{error.count} times")
    if error.occurred_at:
        parts.append(local_time(error.occurred_at))
    elif started := _session_start(error, case_file):
        parts.append(f"in the session of {local_time(started)}")
    if error.status:
        parts.append(escaped(error.status, 40))
    label = _source_label(error.source)
    parts.append(link(error.url, label) if error.url else label)
    return " · ".join(parts)


def _session_start(error: ErrorEvent, case_file: CaseFile) -> Any:
    sessions = case_file.sessions
    return next(
        (s.started_at for s in sessions if (s.source, s.id) == (error.source, error.session_id)), None
    )


def _source_lines(case_file: CaseFile) -> list[Block]:
    lines = [_source_line(finding, case_file) for finding in case_file.findings]
    said = {finding.source for finding in case_file.findings}
    lines += [
        f":hourglass_flowing_sand: {_source_label(n)}: asking …" for n in case_file.waiting if n not in said
    ]
    return [_context(lines[i : i + _CONTEXT_ELEMENTS]) for i in range(0, len(lines), _CONTEXT_ELEMENTS)]


def _source_line(finding: Finding, case_file: CaseFile) -> str:
    parts = [state_words(finding, case_file)]
    if finding.source in case_file.waiting and not finding.failure:
        parts.append("asking again …")
    parts += [escaped(remark, 200) for remark in finding.notes]
    if finding.failure:
        parts.append(escaped(finding.failure.message, 250))
        if finding.failure.until:
            parts.append(f"again from {local_time(finding.failure.until)}")
    if finding.calls_left is not None:
        parts.append(f"{counted(finding.calls_left, 'call')} left")
    return f"{_mark(finding)} {_source_label(finding.source)}: {'; '.join(part for part in parts if part)}"


def _mark(finding: Finding) -> str:
    if finding.state in (State.FAILED, State.QUOTA):
        return ":warning:"
    return ":hourglass:" if finding.state is State.STALE else ":white_check_mark:"


def state_words(finding: Finding, case_file: CaseFile) -> str:
    """Say how a source came to say what it says, and how old that is."""
    age = ago((case_file.as_of - finding.as_of).total_seconds()) if finding.as_of else ""
    found = counted(len(finding.sessions), "session") if finding.sessions else "nobody found"
    match finding.state:
        case State.LIVE:
            return f"{found}, live"
        case State.CACHED | State.INDEX:
            return f"{found}, asked {age}"
        case _ if finding.as_of:
            return f"{found}, as of {age}"
        case _:
            return ""


def _when_nobody(case_file: CaseFile) -> list[Block]:
    """Say where it was looked, how far back, and what may help."""
    if case_file.waiting and not case_file.answered:
        return []
    heard = [finding.source for finding in case_file.findings if finding.answered]
    if not heard:
        return [_section("None of the sources could answer. What went wrong stands below.")]
    who = code(case_file.subject.value, 128)
    lines = [
        f"{who} was not found in {_and(_titles(heard))}, {counted(case_file.days, 'day')} back.",
        *(f"• {advice}" for advice in _advice(case_file)),
    ]
    return _packed(lines)


def _advice(case_file: CaseFile) -> list[str]:
    subject, advice = case_file.subject, []
    local, at, domain = subject.value.partition("@")
    plain, plus, _tag = local.partition("+")
    if subject.kind is SubjectKind.EMAIL and plus and plain and at:
        advice.append(f"without its tag: {code(f'{plain}@{domain}', 128)}")
    if case_file.days < 90:  # noqa: PLR2004 - what vendors keep at most, by common plans
        advice.append(f"further back: {code(f'{subject.value} 90d', 140)}")
    if subject.kind is SubjectKind.EMAIL:
        advice.append("their uid in your product, where your sites identify people by it")
    else:
        advice.append("their email address; a uid is compared exactly, capitals included")
    return advice


def _buttons(case_file: CaseFile, view: View) -> ActionsBlock:
    value = ButtonValue(case_file.subject, case_file.days, view.shown, view.asker)
    refresh = ButtonElement(
        text="Refresh", action_id=REFRESH, value=value.dumps(), confirm=_spending(case_file)
    )
    elements = [refresh]
    if len(case_file.sessions) > view.shown and view.shown < SHOWN_AT_MOST:
        more = replace(value, shown=SHOWN_AT_MOST)
        elements.append(ButtonElement(text="Show more", action_id=SHOW_MORE, value=more.dumps()))
    return ActionsBlock(elements=elements)


def _spending(case_file: CaseFile) -> ConfirmObject | None:
    """Ask back where asking anew takes calls of a small quota; say how many, before they are made."""
    takes = [
        f"up to {counted(min(finding.calls_again or 0, finding.calls_left), 'call')}"
        f" of the {finding.calls_left} that {_source_label(finding.source)} has left"
        for finding in case_file.findings
        if finding.calls_left
    ]
    if not takes:
        return None
    text = MarkdownTextObject(text=f"That takes {_and(takes[:3])}."[:_CONFIRM], verbatim=True)
    return ConfirmObject(title="Ask the vendors anew?", text=text, confirm="Ask anew", deny="Leave it")


def _titles(names: Sequence[SourceName]) -> list[str]:
    return [_source_label(name) for name in names]


def _and(words: list[str]) -> str:
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "no source"
    )


def _section(text: str) -> SectionBlock:
    # Verbatim: Slack must not turn bare addresses and channel names in vendors' text into links.
    return SectionBlock(text=MarkdownTextObject(text=text, verbatim=True))


def _packed(lines: Sequence[str]) -> list[Block]:
    """Give lines in as few sections as hold them; no line is cut in its middle."""
    sections = [lines[0]]
    for line in lines[1:]:
        if len(sections[-1]) + 1 + len(line) <= _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [_section(text) for text in sections]


def _context(lines: list[str]) -> ContextBlock:
    return ContextBlock(elements=[MarkdownTextObject(text=line, verbatim=True) for line in lines])


def _dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    return [block.to_dict() for block in blocks]
