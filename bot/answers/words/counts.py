"""How much was found and when somebody was last seen, in a line; and the line of a notification."""

from bot.answers.mrkdwn import ago, counted
from bot.answers.words import table
from bot.answers.words.absence import absence_line
from bot.answers.words.errors import last_trouble, trouble_text
from bot.answers.words.people import persona_of, short_name, users_of
from bot.answers.words.style import Style, joined
from bot.domain.model import CaseFile
from bot.domain.visits.history import History

# Characters of an error's title in a notification.
_TITLE = 60


def headline(case_file: CaseFile, history: History, style: Style) -> str:
    """Whether they are on the site, how much was found, and which sources could not answer yet or at all."""
    asking = table.ASKING.format(sources=style.labels(case_file.waiting)) if case_file.waiting else ""
    if not history.visits and not history.happenings:
        return asking[:1].upper() + asking[1:] or absence_line(case_file, style)
    failed = [finding.source for finding in case_file.findings if not finding.answered]
    missing = table.COULD_NOT_ANSWER.format(sources=style.labels(failed)) if failed and not asking else ""
    return joined([found_line(case_file, history, style), missing, asking])


def found_line(case_file: CaseFile, history: History, style: Style) -> str:
    """Whether they are on the site now or when they were seen last, and how much was found."""
    seen = ""
    if any(visit.is_live for visit in history.visits):
        seen = table.ON_THE_SITE
    elif case_file.last_seen:
        seen = table.LAST_SEEN.format(time=style.time(case_file.last_seen))
    return joined([style.bold(seen[:1].upper() + seen[1:]) if seen else "", count_words(case_file, history)])


def count_words(case_file: CaseFile, history: History) -> str:
    """How many visits and errors there are; of errors nothing where none is known."""
    days, count = counted(case_file.days, "day"), history.error_count
    visits, errors = counted(len(history.visits), "visit"), counted(count, "error")
    if not history.visits:
        return table.ERRORS.format(errors=errors, days=days)
    return (table.VISITS_AND_ERRORS if count else table.VISITS).format(
        visits=visits, errors=errors, days=days
    )


def notification(case_file: CaseFile, history: History, style: Style) -> str:
    """An answer in one line: "Jane Doe: TypeError: x on /pay 3 min ago, on the site now · 4 visits …"."""
    who = short_name(persona_of(case_file.subject, users_of(case_file)), style)
    if not history.visits and not history.happenings:
        return f"{who}: {headline(case_file, history, style)}"
    trouble, parts = last_trouble(history), []
    if trouble:
        age = ago((case_file.as_of - trouble.moment).total_seconds()) if trouble.moment else ""
        parts.append(f"{trouble_text(trouble, style, _TITLE)} {age}".strip())
    if any(visit.is_live for visit in history.visits):
        parts.append(table.ON_THE_SITE)
    elif case_file.last_seen:
        age = ago((case_file.as_of - case_file.last_seen).total_seconds())
        parts.append(table.LAST_SEEN.format(time=age))
    failed = [finding.source for finding in case_file.findings if not finding.answered]
    missing = ""
    if case_file.waiting:
        missing = table.ASKING.format(sources=style.labels(case_file.waiting))
    elif failed:
        missing = table.COULD_NOT_ANSWER.format(sources=style.labels(failed))
    return f"{who}: {joined([', '.join(parts), count_words(case_file, history), missing])}"
