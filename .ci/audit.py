"""
What is locked, compared with the advisories that are known (`make audit`).

Exit status: 0 where nothing is known of anything, 1 where something is, 2 where not all could be compared.
"""

import json
import subprocess
import sys
from pathlib import Path

_LOCKS = ("requirements.txt", "requirements-dev.txt")
_ENOUGH_NAMES = 5


def main(arguments: list[str]) -> int:
    """Audit the lock files with pip-audit (the command's words are given), and say what came of it."""
    requirements = [word for lock in _LOCKS for word in ("--requirement", lock)]
    command = [*arguments, *requirements, "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    try:
        told = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = ran.stderr.strip().splitlines()[-1:] or ["pip-audit said nothing"]
        print(f"The advisories could not be had, so nothing was compared: {said[0]}")
        return 2
    unknown = sorted({one["name"] for one in told if "skip_reason" in one})
    faults = sorted({f"{one['name']} {one['version']}: {fault['id']}, mended in {_mended(fault)}"
                     for one in told for fault in one.get("vulns", ())})  # fmt: skip
    compared = len(told) - len(unknown)
    if compared:
        print("\n".join(faults) or "No advisory is known of what was compared.")
    print(
        f"{compared or 'None'} of {len(told)} locked packages {'was' if compared == 1 else 'were'} compared."
    )
    if unknown:
        more = " …" if len(unknown) > _ENOUGH_NAMES else ""
        print(f"The advisories of these could not be had: {', '.join(unknown[:_ENOUGH_NAMES])}{more}")
    return 1 if faults else 2 if unknown else 0


def _mended(fault: dict[str, list[str]]) -> str:
    return ", ".join(fault.get("fix_versions", ())) or "no version yet"


if __name__ == "__main__":
    sys.exit(main([str(Path(sys.executable).with_name("pip-audit"))]))
