"""The Dockerfile without an engine: linted, and its commands run step by step in a clean folder."""

import asyncio
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.world import open_world

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
# What the steps name; each is a folder of the clean one here.
PLACES = ("/src", "/venv", "/data")
WAITS_SECONDS = 60


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    ran = subprocess.run(  # noqa: S603 - from the lock file
        [linter, "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "")


@dataclass(frozen=True)
class Step:
    """One instruction, its lines joined."""

    name: str
    words: str

    @property
    def argv(self) -> list[str]:
        """The words of an instruction in JSON."""
        found = re.search(r"\[.*\]", self.words)
        assert found is not None
        return [str(word) for word in json.loads(found.group())]


def steps() -> Iterator[Step]:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, words = line.strip().partition(" ")
        yield Step(name, words.strip())


def in_the_context() -> list[str]:
    """The files that the image may be made of: those of the repository, less what is ignored."""
    rules = [line for line in (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines() if line]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True)  # noqa: S607, PLW1510 - git is there where a checkout is
    return [file for file in listed.stdout.decode().splitlines() if _is_let_in(file, rules)]


def _is_let_in(file: str, rules: list[str]) -> bool:
    let_in = True
    for rule in rules:
        if rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").removeprefix("**/")
        parts = file.split("/")
        heads = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        if any(fnmatch.fnmatch(name, pattern) for name in (*heads, *parts)):
            let_in = rule.startswith("!")
    return let_in


@dataclass
class Build:
    """A build in a clean folder, in place of an image."""

    folder: Path

    def __post_init__(self) -> None:
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "nobody")}
        self.workdir = self.folder
        self.health: list[str] = []
        self.command: list[str] = []

    def here(self, text: str) -> str:
        for place in PLACES:
            text = re.sub(rf"(?<![\w/]){place}\b", f"{self.folder}{place}", text)
        return text.replace("sqlite:////data", f"sqlite:///{self.folder}/data")

    def run(self) -> None:
        for step in steps():
            getattr(self, f"_{step.name.lower()}", lambda _step: None)(step)

    def _run(self, step: Step) -> None:
        words = self.here(step.words)
        if os.geteuid():
            words = words.replace("-o 10001 -g 10001 ", "")
        # Wheels are not loaded and unpacked again: those of this environment, pip among them, are lent.
        words = words.replace(" -m venv ", " -m venv --without-pip ")
        offline = {"PIP_NO_INDEX": "1"}
        ran = subprocess.run(  # noqa: S602 - a shell runs it in an image too
            words,
            shell=True,
            cwd=self.workdir,
            env=self.environment | offline,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{step.words}\n{ran.stdout}\n{ran.stderr}"
        if " -m venv " in words:
            self._lend_packages()

    def _lend_packages(self) -> None:
        (lib,) = (self.folder / "venv/lib").glob("python*/site-packages")
        (lib / "lent.pth").write_text(sysconfig.get_path("purelib"))

    def _copy(self, step: Step) -> None:
        *sources, target = step.words.split()
        if sources[0].startswith("--from="):
            assert (self.folder / sources[-1].strip("/")).exists()
            return
        for file in in_the_context():
            for source in sources:
                if file == source or file.startswith(f"{source}/"):
                    inside = file.removeprefix(f"{source}/") if target.rstrip("/") != "." else file
                    place = self.workdir / target / inside
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(ROOT / file, place)

    def _workdir(self, step: Step) -> None:
        self.workdir = Path(self.here(step.words))
        self.workdir.mkdir(exist_ok=True)

    def _env(self, step: Step) -> None:
        for pair in shlex.split(step.words):
            name, _, value = pair.partition("=")
            self.environment[name] = self.here(value).replace("$PATH", self.environment["PATH"])

    def _healthcheck(self, step: Step) -> None:
        self.health = step.argv

    def _entrypoint(self, step: Step) -> None:
        self.command = step.argv

    def _cmd(self, step: Step) -> None:
        self.command += step.argv


def test_neither_keys_nor_databases_come_into_the_image() -> None:
    rules = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    for file in (".env", ".env.old", "bot/.env", "casefile.db", "bot/casefile.db-wal", "tests/conftest.py"):
        assert not _is_let_in(file, rules), file
    assert _is_let_in("bot/app.py", rules)


async def test_the_steps_make_a_bot_that_is_healthy_and_writes_into_its_volume_alone(tmp_path: Path) -> None:
    build = Build(tmp_path)
    await asyncio.to_thread(build.run)
    assert build.command == ["casefile", "socket"]
    printed = await asyncio.to_thread(printed_by, build, "manifest")
    assert printed == (ROOT / "manifest.yml").read_text()
    before = written(tmp_path)
    async with open_world(strangers_a_day=0) as world:
        environment = build.environment | world.environment()
        environment |= {"SECRET_KEY": "a-secret-of-the-tests-of-32-signs", "PORT": str(free_port())}
        program = shutil.which(build.command[0], path=environment["PATH"])
        assert program == str(tmp_path / "venv/bin/casefile")
        bot = await asyncio.create_subprocess_exec(
            program, *build.command[1:], cwd=build.workdir, env=environment, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(WAITS_SECONDS):
                await world.slack.wait_for(lambda: world.slack.connections)
                # Listening begins a moment after Slack is connected to; an engine asks again and again too.
                while await ends(build.health, environment):
                    pass
        finally:
            bot.send_signal(signal.SIGTERM)
            _out, err = await bot.communicate()
    assert bot.returncode == 0, err.decode()
    new = written(tmp_path) - before
    assert {file.parts[0] for file in new} == {"data"}
    assert Path("data/casefile.db") in new


def printed_by(build: Build, *words: str) -> str:
    """What the installed command prints: it finds its own files."""
    command = [str(build.folder / "venv/bin/casefile"), *words]
    ran = subprocess.run(  # noqa: S603 - our own program
        command, cwd=build.workdir, env=build.environment, capture_output=True, text=True, check=True
    )
    return str(ran.stdout)


def written(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}


async def ends(command: list[str], environment: dict[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command[1:], env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


def free_port() -> int:
    import socket  # noqa: PLC0415 - for this alone

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
