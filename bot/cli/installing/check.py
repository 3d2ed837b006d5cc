"""What `casefile doctor` found out about one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one thing; `mend` is the step that mends a fault, a setting or a click."""

    name: str
    well: bool
    detail: str
    mend: str = ""


def well(name: str, detail: str) -> Check:
    """Nothing is wrong."""
    return Check(name, well=True, detail=detail)


def fault(name: str, detail: str, mend: str) -> Check:
    """Something is wrong, and how it is mended."""
    return Check(name, well=False, detail=detail, mend=mend)
