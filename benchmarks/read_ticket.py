"""
How well and how fast tickets are read: the samples, a thousand generated ones, and characters made to hurt.

Right is what is expected; an offer where a reply was possible costs somebody one press; a wrong customer must
not happen. Milliseconds are of the processor, for other programs may be at work on it. Whatever this program
itself has loaded and made is frozen: to look through it for garbage takes longer than to read a message.

With `--json` the rival is beside it: it takes the first address that the usual expression finds, and of what
is made to hurt it reads one long word, once.
"""

import argparse
import gc
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._rows import show
from bot.tickets.decide import Action, TicketReading, read_ticket
from bot.tickets.rules import TicketRules, Us

RUNS = 20
LONGEST = 40_000
GENERATED = 1_000
APART = 200
SAMPLES = sorted((Path(__file__).parents[1] / "sandbox" / "tickets").glob("*.json"))
RIVAL = "the first address"
USUAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
RULES = TicketRules(internal_domains=("acme.example",), ignored_addresses=("support@acme.example",))
# The usual expression for addresses tries every letter of a long word as a beginning.
HOSTILE = {
    "one long word": "a" * LONGEST,
    "at signs": "@" * LONGEST,
    "a@a@a@…": "a@" * LONGEST,
    "words and dots": "a." * LONGEST,
    "underscores, then an address": "_" * (LONGEST - 20) + "@contoso.example",
    "thousands of addresses": "".join(f"u{n}@contoso.example " for n in range(LONGEST)),
    "thousands of labelled ones": "".join(f"Requester: u{n}@contoso.example\n" for n in range(LONGEST)),
    "thousands of lines": "a\n" * LONGEST,
    "labels without end": "Requester: " * LONGEST,
    "short lines of labels": "Requester: Status: Email: x\n" * LONGEST,
    "unknown labels": "Something else: x\n" * LONGEST,
    "bold and headings": "*a*b* # c\n" * LONGEST,
    "fences": "```" * LONGEST,
    "opened and never closed links": "<mailto:a@b|" * LONGEST,
    "links to tickets": "<https://acme.zendesk.com/agent/tickets/1|a@b.example>" * LONGEST,
    "lines of links": "<https://acme.zendesk.com/agent/tickets/1|a>\n" * LONGEST,
    "addresses in URLs": "https://a.example/?x=a%40b.example " * LONGEST,
    "hidden addresses": "a at b dot c " * LONGEST,
    "invisible characters": "a\u200b@\u00ad" * LONGEST,
    "escapes": "&amp;lt;" * LONGEST,
}
# Requester, assignee, description; the first rank first, then whoever typed a ticket in.
LANGUAGES = [
    ("Requester", "Assignee", "Description"),
    ("Customer email", "Agent", "Message"),
    ("Reporter", "Owner", "Details"),
    ("Kunde", "Bearbeiter", "Beschreibung"),
    ("Demandeur", "Assigné à", "Commentaire"),
    ("Solicitante", "Asignado a", "Descripción"),
    ("Richiedente", "Assegnato a", "Descrizione"),
    ("Aanvrager", "Behandelaar", "Omschrijving"),
    ("Zgłaszający", "Przypisany do", "Opis"),
    ("Заявитель", "Исполнитель", "Описание"),
    ("依頼者", "担当者", "説明"),
    ("요청자", "담당자", "설명"),
    ("客户邮箱", "负责人", "描述"),
]
URLS = [
    "https://acme.zendesk.com/agent/tickets/{}",
    "https://acme.freshdesk.com/a/tickets/{}",
    "https://app.intercom.com/a/inbox/abc/inbox/conversation/{}",
    "https://secure.helpscout.net/conversation/33/{}/",
    "https://app.hubspot.com/contacts/1/record/0-5/{}",
    "https://acme.atlassian.net/browse/SUP-{}",
    "https://desk.other.example/{}",
]
FORMS = ["{}: {}", "*{}*: {}", "*{}:* {}", "{} - {}", "{} = {}", "👤 {}: {}", "*{}*\n{}"]
SAID = [
    "It broke.",
    "Please ask eve@evil.example",
    "From: Eve <eve@evil.example>\nTo: me",
    "Requester: eve@evil.example",
    "&gt; Customer: eve@evil.example",
    "see <https://acme.zendesk.com/agent/tickets/9|#9>",
    "Hello\n\nEmail: eve@evil.example\n\nBye",
]

Reader = Callable[[Any, TicketRules], object]


@dataclass(frozen=True)
class Row:
    """How many messages a reader read right, and how many wrong; milliseconds of the processor each."""

    reader: str
    of: str
    right: int | None
    wrong: int | None
    median_ms: float
    worst_ms: float


def message(**content: Any) -> dict[str, Any]:
    """An app's message with such content."""
    return {"type": "message", "bot_id": "B1", "ts": "1.1", "channel": "C1"} | content


def generated() -> Iterator[tuple[dict[str, Any], str]]:
    """Messages of templates that people write, with whom each is about; nobody where that is not said."""
    chance = random.Random(20_260)
    for number in range(GENERATED):
        label, other, described = chance.choice(LANGUAGES)
        form, body, url = chance.choice(FORMS), chance.choice(SAID), chance.choice(URLS).format(number)
        address = f"jane{number}@contoso.example"
        named = chance.random() < 0.8
        value = chance.choice([address, f"<mailto:{address}|{address}>"]) if named else "Jane Doe"
        pairs = [(label, value), (other, f"sam{number}@outsourcer.example"), ("Status", "New")]
        chance.shuffle(pairs)
        match chance.randrange(4):
            case 0:
                lines = [form.format(*pair) for pair in [*pairs, (described, body)]]
                built = message(text="\n".join([f"New ticket <{url}|#{number}>", *lines]))
            case 1:
                fields = [{"title": title, "value": text} for title, text in [*pairs, (described, body)]]
                built = message(attachments=[{"title": "Help", "title_link": url, "fields": fields}])
            case 2:
                fields = [{"type": "mrkdwn", "text": f"*{title}*\n{text}"} for title, text in pairs]
                linked = {"type": "section", "text": {"type": "mrkdwn", "text": f"<{url}|Help>"}}
                built = message(
                    blocks=[linked, {"type": "section", "fields": fields}, quoted(body)], text="x"
                )
            case _:
                shown = f"New conversation from Jane Doe ({value})"
                built = message(
                    attachments=[{"pretext": shown, "title": "x", "title_link": url, "text": body}]
                )
        yield built, address if named else ""


def apart() -> Iterator[tuple[dict[str, Any], str]]:
    """Messages with the requester’s name beside one label and the address, like it or not, beside another."""
    chance = random.Random(20_261)
    for number in range(APART):
        address = chance.choice(
            ["jane.doe@contoso.example", "jdoe@contoso.example", f"star{number}@contoso.example"]
        )
        label = chance.choice(["Requester", "Customer", "Reporter", "Kunde", "Solicitante"])
        pairs = [(label, "Jane Doe"), ("Email", address), ("Status", "New")]
        lines = "\n".join(f"{title}: {text}" for title, text in pairs)
        fields = [{"title": title, "value": text} for title, text in pairs]
        url = chance.choice(URLS).format(number)
        if chance.random() < 0.5:
            yield message(text=f"New ticket <{url}|#{number}>\n{lines}"), address
        else:
            yield message(attachments=[{"title": "Help", "title_link": url, "fields": fields}]), address


def quoted(text: str) -> dict[str, Any]:
    """A quote in rich text."""
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [quote]}


def judged(reading: TicketReading, expected: set[str]) -> str:
    """What a reading is worth: right, an offer that might have been a reply, or a wrong customer."""
    got = {subject.value for subject in reading.subjects} if reading.action is Action.REPLY else set()
    if got == expected:
        return "right"
    return "wrong customer" if got - expected else "offer, reply possible"


def read_samples() -> Iterator[tuple[Any, TicketRules, set[str]]]:
    """Every sample with its rules and whom it is about."""
    for file in SAMPLES:
        sample = json.loads(file.read_text())
        config, expected = sample["config"], sample["expect"]
        us = Us(config["our_bot_id"], config["our_bot_user_id"], config["our_app_id"])
        ours = tuple(config["internal_domains"]), tuple(config["ignored_addresses"])
        rules = TicketRules(us, tuple(config["watched_channels"]), (), *ours)
        people = set(expected["requester"]) if expected["action"] == "reply" else set()
        yield sample["payload"], rules, people


def first_address(event: Any, rules: TicketRules = RULES) -> str:
    """The rival: the first address of a message that is not a colleague's, or nothing."""
    text = json.dumps(event, ensure_ascii=False)
    internal = tuple(f"@{domain}" for domain in rules.internal_domains)
    found = (match.group().lower() for match in USUAL.finditer(text))
    return next((one for one in found if not one.endswith(internal)), "")


def measured(
    event: Any, rules: TicketRules = RULES, runs: int = RUNS, read: Reader = read_ticket
) -> list[float]:
    """The milliseconds of each run."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        read(event, rules)
        times.append((time.process_time() - started) * 1000)
    return times


def both_readers() -> list[Row]:
    """What readings are worth, and how long they take, by both readers."""
    sets: dict[str, list[tuple[Any, TicketRules, set[str]]]] = {
        "the samples": list(read_samples()),
        "a name apart": [(event, RULES, {address}) for event, address in apart()],
        "the generated": [(event, RULES, {address} - {""}) for event, address in generated()],
    }
    rows = []
    for of, some in sets.items():
        worth = Counter(judged(read_ticket(event, rules), people) for event, rules, people in some)
        times = [ms for event, rules, _ in some for ms in measured(event, rules, 2)]
        rows.append(_row("casefile", of, times, worth["right"], worth["wrong customer"]))
        guessed = [({first_address(event, rules)} - {""}, people) for event, rules, people in some]
        times = [ms for event, rules, _ in some for ms in measured(event, rules, 2, first_address)]
        right, wrong = sum(got == people for got, people in guessed), sum(bool(g - p) for g, p in guessed)
        rows.append(_row(RIVAL, of, times, right, wrong))
    word = message(text=HOSTILE["one long word"])
    rows.append(_row("casefile", "one long word", measured(word)))
    rows.append(_row(RIVAL, "one long word", measured(word, runs=1, read=first_address)))
    return rows


def _row(reader: str, of: str, times: list[float], right: int | None = None, wrong: int | None = None) -> Row:
    return Row(reader, of, right, wrong, round(statistics.median(times), 2), round(max(times), 2))


def main() -> None:
    """Print both readers' rows as JSON, or two tables: what readings are worth, and the times of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="beside the rival, without most of what hurts")
    if parser.parse_args().json:
        gc.collect()
        gc.freeze()
        show(both_readers(), as_json=True)
        return
    samples = list(read_samples())
    made = list(generated())
    worth = {
        f"the {len(samples)} samples": Counter(judged(read_ticket(e, r), people) for e, r, people in samples),
        f"{APART} with a name apart": Counter(judged(read_ticket(e, RULES), {a}) for e, a in apart()),
        f"{len(made)} generated": Counter(judged(read_ticket(e, RULES), {a} - {""}) for e, a in made),
    }
    kinds = ("right", "offer, reply possible", "wrong customer")
    print(f"{'':<34}" + "".join(f"{kind:>24}" for kind in kinds))
    for name, counted in worth.items():
        print(f"{name:<34}" + "".join(f"{counted[kind]:>24}" for kind in kinds))
    gc.collect()
    gc.freeze()
    rows = [
        ("the samples", [t for event, rules, _ in samples for t in measured(event, rules)]),
        ("the generated", [t for event, _ in made for t in measured(event, runs=2)]),
    ]
    for name, text in HOSTILE.items():
        cut = text[:LONGEST]
        field = {"fields": [{"title": "", "value": cut}]}
        rows.append((name, measured(message(text=cut)) + measured(message(attachments=[field]))))
    print(f"\n{'read_ticket, ' + str(LONGEST) + ' characters':<34}{'median ms':>10}{'worst ms':>10}")
    for name, times in rows:
        print(f"{name:<34}{statistics.median(times):>10.2f}{max(times):>10.2f}")


if __name__ == "__main__":
    main()
