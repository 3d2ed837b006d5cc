"""
A simulated desk's day against Raygun's 50 calls: Casefile, three simpler policies, and the best that can be.

Every policy asks the sandbox's Raygun over HTTP, on a virtual clock. Casefile's is the program's own planner,
ledger, index and client, and begins with an empty database; nothing is let past the quota.

What a day is: 300 lookups in bursts of a dozen on average, as when somebody works a queue off; on the desk
`day` all between 08:00 and 18:00, on the desk `round_the_clock` at any hour. A third repeats a lookup of the
same day; of the rest, three quarters are about somebody whose session began 2 to 25 minutes before, 15 % are
about somebody of the last week, 10 % about nobody that Raygun knows. Sessions come in a daily wave.

Before the measured day Casefile is at work for `--days-before` nights and working days, eight by default:
until its index has grown to the week that it keeps. Nobody can buy a week at once: at 6,000 sessions a day it
fills 84 pages, and a desk that is kept fresh leaves about ten calls a day. With `--days-before 1`, one night
and one working day, the recall is that of a new installation. The two simple bots remember nothing for longer
than half an hour, and the quota is a day's: one day before is all that shapes theirs.

One run has one seed, and logins that count: half of the cases, to end sooner. A share differs from seed to
seed: `--seed 1 --seed 2 …` prints the lowest and the highest.

`without_forecast` is the program with a rule in place of its forecast (`raygun/spending/forecast.py`) that
goes by nothing but the calls that are left and those that come back: it says what the forecast is worth. It
takes as long as Casefile, and runs when it is asked for: `--policy casefile --policy without_forecast`. Its
numbers were chosen on the seeds 11 and 12: compare on others.

The upper bound is computed with the whole day known. A lookup is in time when a list was read in the half
hour before it (or at it); a list costs a call, and another one for the login unless one was made in the last
15 minutes; 50 calls may be made within the measured day. Among the moments worth reading at are only those of
lookups, and under one login only the first moment and the last one: reading in between covers nothing that
these two do not. So the most lookups are found by going through the day backwards: from each lookup on, with
so many calls left, the best of not reading, of reading, and of reading twice under one login. It leaves out
that pages overflow, that the day before has spent calls and that errors want calls too, and counts the first
half hour as served: no bot can do better. Its recall is taken to be whole.
"""

import argparse
import asyncio
import json
import os
import random
from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from benchmarks._raygun_policies import (
    DAY,
    HALF_HOUR,
    POLICIES,
    REMEMBERING,
    WEEK,
    Asked,
    Told,
    VirtualClock,
)
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun_traffic import Traffic, strangers
from sandbox.vendors.stand_in import listening

MEASURED = datetime(2026, 11, 18, tzinfo=UTC)
LOOKUPS, BURST, CALLS = 300, 12, 50
HOURS = {"day": (8.0, 18.0), "round_the_clock": (0.0, 24.0)}
VOLUMES = (2_000, 6_000, 20_000)


@dataclass(frozen=True)
class Row:
    """One line of the table; shares are between 0 and 1."""

    desk: str
    sessions_a_day: int
    login_counts: bool
    policy: str
    lookups: int
    answered: int
    fresh_30: float
    fresh_60: float
    recall_7d: float
    worst_24h_calls: int


@dataclass(frozen=True)
class Case:
    """What is simulated."""

    desk: str
    sessions_a_day: int
    login_counts: bool
    days_before: int
    seed: int


@dataclass(frozen=True)
class Range:
    """The lowest and the highest of a figure over some seeds."""

    low: float
    high: float

    def __str__(self) -> str:
        low, high = f"{self.low:.3f}", f"{self.high:.3f}"
        return low if low == high else f"{low}-{high}"


def moments(rng: random.Random, day: datetime, desk: str) -> list[datetime]:
    """When a day's lookups come."""
    first, last = (day + timedelta(hours=hour) for hour in HOURS[desk])
    found: list[datetime] = []
    while len(found) < LOOKUPS:
        at = first + rng.random() * (last - first)
        found.append(at)
        while rng.random() < 1 - 1 / BURST and len(found) < LOOKUPS:
            at = min(at + timedelta(seconds=rng.expovariate(1 / 60)), last - timedelta(seconds=1))
            found.append(at)
    return sorted(found)


def a_day(rng: random.Random, day: datetime, desk: str, traffic: Traffic) -> list[Asked]:
    """A day's lookups."""
    asked: list[Asked] = []
    for at in moments(rng, day, desk):
        if asked and rng.random() < 1 / 3:
            asked.append(Asked(at, rng.choice(asked).uid))
            continue
        kind = rng.random()
        if kind < 0.1:
            asked.append(Asked(at, f"nobody-{rng.randrange(10**9)}"))
            continue
        oldest, newest = (DAY * 7, DAY) if kind < 0.25 else (timedelta(minutes=25), timedelta(minutes=2))
        seen = traffic.between(at - oldest, at - newest)
        asked.append(Asked(at, rng.choice(seen).identifier if seen else "nobody-else"))
    return asked


UPPER_BOUND = "upper_bound"
USUAL = ("casefile", "per_user_cache", "naive", UPPER_BOUND)


async def simulate(case: Case, policy: str) -> Row:
    """Let one policy go through the days, and measure the last one."""
    traffic, days = invented(case)
    if policy not in REMEMBERING:
        days = days[-2:]
    clock = VirtualClock(days[0][0].at)
    raygun = Raygun(clock, traffic, CALLS)
    raygun.login_counts = case.login_counts
    told: list[tuple[Asked, Told]] = []
    async with listening(raygun), POLICIES[policy](raygun, clock) as bot:
        for day in days:
            told = []
            for asked in day:
                clock.now = asked.at
                told.append((asked, await bot.answer(asked)))
    return measured(case, policy, told, traffic, worst_day(raygun))


def invented(case: Case) -> tuple[Traffic, list[list[Asked]]]:
    """The sessions and, day by day, the lookups: the same ones for every policy."""
    rng = random.Random(case.seed)
    first = MEASURED - DAY * case.days_before
    traffic = Traffic(strangers(rng, first - WEEK, case.days_before + 8, case.sessions_a_day))
    days = [first + DAY * number for number in range(case.days_before + 1)]
    return traffic, [a_day(rng, day, case.desk, traffic) for day in days]


def measured(
    case: Case, policy: str, told: Sequence[tuple[Asked, Told]], traffic: Traffic, worst: int
) -> Row:
    """Count what the measured day came to."""
    ages = [answer.age for _asked, answer in told if answer.age is not None]
    wanted = found = 0
    for asked, answer in told:
        span = asked.at - WEEK, asked.at - HALF_HOUR
        theirs = {s.number for s in traffic.of(asked.uid) if span[0] <= s.visit.started_at < span[1]}
        wanted, found = wanted + len(theirs), found + len(theirs & answer.sessions)
    return Row(
        case.desk,
        case.sessions_a_day,
        case.login_counts,
        policy,
        len(told),
        len(ages),
        sum(age <= HALF_HOUR for age in ages) / len(told),
        sum(age <= 2 * HALF_HOUR for age in ages) / len(told),
        found / max(1, wanted),
        worst,
    )


def worst_day(raygun: Raygun) -> int:
    """The most calls that were sent in any 24 hours, those that were refused among them."""
    counted = [c.at for c in raygun.calls if raygun.login_counts or not c.path.endswith("/authenticate")]
    return max((bisect_right(counted, at + DAY) - number for number, at in enumerate(counted)), default=0)


def upper_bound(case: Case) -> Row:
    """The best that can be; see the module's docstring."""
    _traffic, days = invented(case)
    times = [asked.at for asked in days[-1]]
    shares = {}
    for window in (HALF_HOUR, 2 * HALF_HOUR):
        free = bisect_right(times, MEASURED + window)
        shares[window] = (free + most_in_time(times[free:], window, int(case.login_counts))) / len(times)
    half, hour = shares.values()
    return Row(
        case.desk,
        case.sessions_a_day,
        case.login_counts,
        UPPER_BOUND,
        len(times),
        len(times),
        half,
        hour,
        1.0,
        CALLS,
    )


def most_in_time(times: Sequence[datetime], window: timedelta, login: int) -> int:
    """How many lookups can have been preceded by a reading of less than `window` ago."""
    count = len(times)
    best = [[0] * (CALLS + 1) for _ in range(count + 1)]
    for number in range(count - 1, -1, -1):
        served = bisect_right(times, times[number] + window)
        last_of_key = bisect_right(times, times[number] + timedelta(minutes=15)) - 1
        served_twice = bisect_right(times, times[last_of_key] + window)
        for calls in range(CALLS + 1):
            options = [best[number + 1][calls]]
            for cost, reached in ((login + 1, served), (login + 2, served_twice)):
                if calls >= cost:
                    options.append(reached - number + best[reached][calls - cost])
            best[number][calls] = max(options)
    return best[0][CALLS]


def row_of(case: Case, policy: str) -> Row:
    """Measure one policy in one case."""
    return upper_bound(case) if policy == UPPER_BOUND else asyncio.run(simulate(case, policy))


def table(rows: Sequence[Row]) -> str:
    """One line for each case and policy; of several seeds the lowest and the highest of each share."""
    head = f"{'desk':16}{'a day':>7} {'login':7}{'policy':18}{'seeds':>6}{'lookups':>8}{'answered':>9}"
    lines = [f"{head}{'<=30 min':>13}{'<=60 min':>13}{'recall':>13}{'calls':>7}"]
    alike: dict[tuple[str, int, bool, str], list[Row]] = {}
    for row in rows:
        alike.setdefault((row.desk, row.sessions_a_day, row.login_counts, row.policy), []).append(row)
    for (desk, a_day, login_counts, policy), same in alike.items():
        counts = "counts" if login_counts else "free"
        least = min(row.answered for row in same)
        line = f"{desk:16}{a_day:>7} {counts:7}{policy:18}{len(same):>6}{same[0].lookups:>8}{least:>9}"
        figures = [
            [row.fresh_30 for row in same],
            [row.fresh_60 for row in same],
            [row.recall_7d for row in same],
        ]
        shares = "".join(f"{Range(min(figure), max(figure))!s:>13}" for figure in figures)
        lines.append(f"{line}{shares}{max(row.worst_24h_calls for row in same):>7}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """What may be chosen."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    options.add_argument("--json", action="store_true", help="print the rows as JSON")
    options.add_argument("--desk", choices=HOURS, action="append")
    options.add_argument("--sessions", type=int, action="append", help="sessions a day")
    options.add_argument(
        "--login",
        choices=("counts", "free"),
        action="append",
        help="whether a login counts (default: counts)",
    )
    options.add_argument("--days-before", type=int, default=8)
    options.add_argument("--seed", type=int, action="append", help="may be given several times (default: 1)")
    options.add_argument("--policy", choices=(*POLICIES, UPPER_BOUND), action="append")
    return options


def main() -> None:
    """Run all cases, or those that are chosen."""
    options = parser().parse_args()
    cases = [
        Case(desk, volume, login == "counts", options.days_before, seed)
        for desk in options.desk or HOURS
        for volume in options.sessions or VOLUMES
        for login in options.login or ("counts",)
        for seed in options.seed or (1,)
    ]
    policies = options.policy or USUAL
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(row_of, *zip(*product(cases, policies), strict=True)))
    print(json.dumps([asdict(row) for row in rows]) if options.json else table(rows))


if __name__ == "__main__":
    main()
