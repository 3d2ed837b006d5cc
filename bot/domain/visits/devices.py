"""
Whether two sessions were on two devices, as far as that can be told.

Tools name devices differently: one says "Desktop" or "Mobile", another the model, a third nothing. Only what
cannot be one device tells two sessions apart: a desktop and a phone, Windows and Android, two models.
"""

import re
from dataclasses import dataclass

from bot.domain.model import Session

# What tools call a device's form, and what they say of every device.
_FORMS = {
    "desktop": "desktop",
    "pc": "desktop",
    "laptop": "desktop",
    "mac": "desktop",
    "macbook": "desktop",
    "mobile": "phone",
    "phone": "phone",
    "smartphone": "phone",
    "iphone": "phone",
    "tablet": "tablet",
    "ipad": "tablet",
}
_MODELS = frozenset({"iphone", "ipad", "mac", "macbook"})
_SYSTEMS = {
    "windows": "windows",
    "macos": "macos",
    "mac": "macos",
    "osx": "macos",
    "os": "macos",
    "ios": "ios",
    "ipados": "ios",
    "android": "android",
    "linux": "linux",
    "ubuntu": "linux",
    "chromeos": "chromeos",
    "chrome": "chromeos",
}
_HANDHELD = frozenset({"ios", "android"})
_SAYS_NOTHING = frozenset({"unknown", "other", "generic", "device", "browser"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class DeviceTraits:
    """A device's form (`desktop`, `phone`, `tablet`), its system's family, and the words of its model."""

    form: str | None
    system: str | None
    model: frozenset[str]


def device_traits(session: Session) -> DeviceTraits:
    """What tells a session's device from others."""
    words = _WORD.findall((session.device or "").casefold())
    form = next((_FORMS[word] for word in words if word in _FORMS), None)
    first = next(iter(_WORD.findall((session.os or "").casefold())), None)
    system = _SYSTEMS.get(first) if first else None
    model = frozenset(w for w in words if (w not in _FORMS or w in _MODELS) and w not in _SAYS_NOTHING)
    return DeviceTraits(form, system, model)


def are_other_devices(one: DeviceTraits, other: DeviceTraits) -> bool:
    """Whether the two cannot be the same device."""
    if one.system and other.system and one.system != other.system:
        return True
    if _is_handheld(one) is not None and _is_handheld(other) not in (None, _is_handheld(one)):
        return True
    if one.form and other.form and one.form != other.form:
        return True
    named = one.model and other.model
    return bool(named) and not (one.model <= other.model or other.model <= one.model)


def _is_handheld(traits: DeviceTraits) -> bool | None:
    """Whether it is a phone or a tablet; None where neither its form nor its system says so."""
    if traits.form:
        return traits.form != "desktop"
    return traits.system in _HANDHELD if traits.system else None
