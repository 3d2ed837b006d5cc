"""A hundred questions for Casefile's tools (MCP), and what would be wrong with their answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.people import FULLSTORY, RYBBIT, Customer
from sandbox.vendors.fullstory import session_url
from sandbox.world import World

_MOST = 100


@dataclass(frozen=True, slots=True)
class Scripted:
    """A tool, what it is asked, and whom alone the answer may be about; None: about nobody."""

    tool: str
    arguments: dict[str, Any]
    person: Customer | None = None


def questions(world: World) -> list[Scripted]:
    """A hundred: by address, by uid, by link, about nobody, about tickets, and what is left."""
    asked = [Scripted("quota", {})]
    asked += [one for person in world.people for one in _about(person)]
    asked += [Scripted("read_ticket", {"message": sample.payload}) for sample in world.tickets]
    asked += [Scripted("find_sessions", {"subject": f"nobody-{n}@contoso.example"}) for n in range(_MOST)]
    return asked[:_MOST]


def _about(person: Customer) -> Iterator[Scripted]:
    yield Scripted("find_sessions", {"subject": person.uid}, person)
    if person.email:
        for days in (1, 30):
            yield Scripted("find_sessions", {"subject": person.email, "days": days}, person)
    if FULLSTORY in person.vendors:
        yield Scripted("describe_link", {"url": session_url(person, person.visits[0])}, person)
    if RYBBIT in person.vendors:
        yield Scripted("describe_link", {"url": f"https://app.rybbit.io/1407/user/{person.uid}"}, person)


def figures_in(told: Any) -> Iterator[dict[str, Any]]:
    """Every object in an answer that has a source, wherever it stands."""
    if isinstance(told, dict):
        if "source" in told:
            yield told
        for value in told.values():
            yield from figures_in(value)
    elif isinstance(told, list):
        for value in told:
            yield from figures_in(value)


def without_source_or_age(told: dict[str, Any]) -> int:
    """How many figures of an answer lack their source or their age; one for an answer without figures."""
    figures = list(figures_in(told))
    lacking = [one for one in figures if not one["source"] or one["as_of"] is None or one["age_seconds"] < 0]
    return len(lacking) if figures else 1


def is_wrong_customer(told: dict[str, Any], asked: Scripted, world: World) -> bool:
    """
    Whether an answer has a session of somebody else, or none of a person who has one.

    An answer that says that it is not complete may have none: Raygun's index may not reach back so far yet.
    """
    person = asked.person
    names = {name.lower() for name in (person.uid, person.email) if name} if person else set()
    sessions = [*told.get("sessions", []), *([told["session"]] if told.get("session") else [])]
    for session in sessions:
        if not {value.lower() for value in (session["uid"], session["email"]) if value} <= names:
            return True
    if asked.tool != "find_sessions":
        return False
    expected = person is not None and _was_there(person, world, told["days"])
    return not expected if sessions else expected and told["complete"]


def _was_there(person: Customer, world: World, days: int) -> bool:
    since = world.clock() - timedelta(days=days)
    return any(visit.ended_at > since for visit in person.visits)
