"""
What runs in production as a bill of materials in CycloneDX, with hashes.

It is what `requirements.txt` locks, and the player of replays, whose files are kept in the package.
"""

import hashlib
import re
import sys
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

_LOCK = Path(__file__).parents[1] / "requirements.txt"
_VERSION = Path(__file__).parents[1] / "bot" / "__init__.py"
_KEPT = Path(__file__).parents[1] / "bot" / "replay" / "static"
# A locked package, its marker, and the hashes on the lines below it.
_LOCKED = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)[^\n]*(?P<hashes>(?:\n    --hash=[^\n]*)*)",
    re.MULTILINE,
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill_of_materials(lock: str, version: str) -> str:
    """The bill as CycloneDX 1.6 JSON; `lock` is the text of a lock file."""
    bom = Bom()
    casefile = Component(name="casefile", version=version, type=ComponentType.APPLICATION)
    bom.metadata.component = casefile
    parts = []
    for one in _LOCKED.finditer(lock):
        purl = PackageURL("pypi", name=one["name"], version=one["version"])
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=h) for h in _HASH.findall(one["hashes"])]
        parts.append(
            Component(
                name=one["name"],
                version=one["version"],
                type=ComponentType.LIBRARY,
                purl=purl,
                bom_ref=str(purl),
                hashes=hashes,
            )
        )
    parts += [_kept_player()]
    bom.components.update(parts)
    bom.register_dependency(casefile, parts)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _kept_player() -> Component:
    """The player of replays, by the version in its file's name."""
    [script] = _KEPT.glob("rrweb-player-*.min.js")
    version = script.name.removeprefix("rrweb-player-").removesuffix(".min.js")
    purl = PackageURL("npm", name="rrweb-player", version=version)
    digest = hashlib.sha256(script.read_bytes()).hexdigest()
    return Component(
        name="rrweb-player",
        version=version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


if __name__ == "__main__":
    found = re.search(r'__version__ = "([^"]+)"', _VERSION.read_text(encoding="utf-8"))
    sys.stdout.write(bill_of_materials(_LOCK.read_text(encoding="utf-8"), found[1] if found else "0"))
