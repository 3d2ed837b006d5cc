"""How long the reader takes for real notifications, and for 40,000 characters made to hurt it."""

import json
import statistics
import time
from pathlib import Path
from typing import Any

from bot.tickets.decide import read_ticket
from bot.tickets.rules import TicketRules

RUNS = 20
LONGEST = 40_000
SAMPLES = Path(__file__).parents[1] / "sandbox" / "tickets"
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
    "opened and never closed links": "<mailto:a@b|" * LONGEST,
    "links to tickets": "<https://acme.zendesk.com/agent/tickets/1|a@b.example>" * LONGEST,
    "addresses in URLs": "https://a.example/?x=a%40b.example " * LONGEST,
    "hidden addresses": "a at b dot c " * LONGEST,
    "escapes": "&amp;lt;" * LONGEST,
}


def measured(event: Any) -> list[float]:
    """Give the milliseconds of each run."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        read_ticket(event, TicketRules())
        times.append((time.perf_counter() - started) * 1000)
    return times


def message(**content: Any) -> dict[str, Any]:
    """Give an app's message with such content."""
    return {"type": "message", "bot_id": "B1", "ts": "1.1", "channel": "C1"} | content


def main() -> None:
    """Print one table: median and worst of each."""
    rows = []
    every = [
        time
        for file in sorted(SAMPLES.glob("*.json"))
        for time in measured(json.loads(file.read_text())["payload"])
    ]
    rows.append((f"the {len(list(SAMPLES.glob('*.json')))} samples", every))
    for name, text in HOSTILE.items():
        cut = text[:LONGEST]
        field = {"fields": [{"title": "", "value": cut}]}
        rows.append((name, measured(message(text=cut)) + measured(message(attachments=[field]))))
    print(f"{'read_ticket, ' + str(LONGEST) + ' characters':<34}{'median ms':>10}{'worst ms':>10}")
    for name, times in rows:
        print(f"{name:<34}{statistics.median(times):>10.2f}{max(times):>10.2f}")


if __name__ == "__main__":
    main()
