"""Variables whose names look like ours and are not: a setting must not be ignored silently."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

# Similarity (difflib's ratio, 0 to 1) from which a name is taken for a typing error of ours. Other programs'
# SECRET_KEY_BASE (0.80) and SLACK_TOKEN (0.85) stay below that for whole names. A group's name and a field
# come with `__`, so they need less.
_NEAR = 0.9
_NEAR_GROUP = 0.8
_NEAR_FIELD = 0.6
# Other programs use names one letter away from these.
_COMMON_ELSEWHERE = frozenset({"LOG_LEVEL", "DATABASE_URL", "PORT", "DYNO"})


@dataclass(frozen=True, slots=True)
class KnownNames:
    """
    The names of all settings, in capitals.

    `alone`: whole names, such as SECRET_KEY. `grouped`: fields by group, as in TICKETS__CHANNELS.
    `labelled`: fields by vendor, as in FULLSTORY__<LABEL>__API_KEY.
    """

    alone: frozenset[str]
    grouped: dict[str, frozenset[str]]
    labelled: dict[str, frozenset[str]]

    @property
    def spelt_out(self) -> tuple[str, ...]:
        """Every name in full, with <LABEL> in place of an account's label."""
        grouped = [f"{group}__{field}" for group, fields in self.grouped.items() for field in fields]
        labelled = [f"{vendor}__<LABEL>__{f}" for vendor, fields in self.labelled.items() for f in fields]
        return (*sorted(self.alone), *sorted(grouped), *sorted(labelled))


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A variable that is set and is no setting, and what to do about it."""

    name: str
    advice: str


def is_ours(name: str, known: KnownNames) -> bool:
    """Whether Casefile reads a variable of this name, in capitals or not."""
    first, *rest = name.upper().split("__")
    if not rest:
        return first in known.alone
    if first in known.grouped:
        return len(rest) == 1 and rest[0] in known.grouped[first]
    if first in known.labelled:
        return len(rest) == 2 and bool(rest[0]) and rest[1] in known.labelled[first]  # noqa: PLR2004 - label, field
    return False


def find_misspelt(names: Iterable[str], known: KnownNames) -> Misspelt | None:
    """The first name, in alphabetical order, that was meant for Casefile and is none of its settings."""
    for name in sorted(names):
        if not is_ours(name, known) and (advice := _advice(name.upper(), known)):
            return Misspelt(name, advice)
    return None


def _advice(name: str, known: KnownNames) -> str | None:
    first, *rest = name.split("__")
    if rest and first in known.labelled:
        return _advice_on_labelled(first, rest, known.labelled[first])
    if rest and first in known.grouped:
        return _did_you_mean("__".join(rest), known.grouped[first], f"{first}__")
    if rest and (group := _nearest(first, (*known.labelled, *known.grouped), _NEAR_GROUP)):
        return f"did you mean {group}__…?"
    for vendor in sorted(known.labelled, key=len, reverse=True):
        if (name == vendor or name.startswith(f"{vendor}_")) and name not in known.alone:
            return _near_alone(name, known) or f"an account's variables are written {vendor}__<LABEL>__…"
    if (meant := _single_underscores(name, known)) is not None:
        return f"did you mean {meant}?"
    return _near_alone(name, known)


def _advice_on_labelled(vendor: str, rest: list[str], fields: frozenset[str]) -> str:
    if len(rest) == 1 or not rest[0]:
        return f"an account's variables are written {vendor}__<LABEL>__…"
    return _did_you_mean("__".join(rest[1:]), fields, f"{vendor}__{rest[0]}__")


def _did_you_mean(field: str, fields: frozenset[str], prefix: str) -> str:
    near = _nearest(field, fields, _NEAR_FIELD)
    return f"did you mean {prefix}{near}?" if near else f"known are {', '.join(sorted(fields))}"


def _single_underscores(name: str, known: KnownNames) -> str | None:
    """The setting that differs in its underscores alone: ACCESS__CHANNELS for ACCESS_CHANNELS, else None."""
    flat = re.sub("_+", "_", name)
    return next((meant for meant in known.spelt_out if re.sub("_+", "_", meant) == flat), None)


def _near_alone(name: str, known: KnownNames) -> str | None:
    near = _nearest(name, known.alone - _COMMON_ELSEWHERE, _NEAR)
    return f"did you mean {near}?" if near else None


def _nearest(word: str, words: Iterable[str], cutoff: float) -> str | None:
    return next(iter(difflib.get_close_matches(word, sorted(words), n=1, cutoff=cutoff)), None)
