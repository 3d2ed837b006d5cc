"""The customers of an invented shop, and what each vendor recorded of them, relative to a time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

FULLSTORY, RAYGUN, RYBBIT, UXCAM = "fullstory", "raygun", "rybbit", "uxcam"
HOSTILE = '<!channel> *bold* <https://evil.example|click me> & "quotes" <@U012345>'


@dataclass(frozen=True, slots=True)
class Error:
    """An error in a visit: its kind, its message, and how many seconds after the visit's start it came."""

    kind: str
    message: str
    after_seconds: int = 60

    @property
    def title(self) -> str:
        """Kind and message in one line."""
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True, slots=True)
class Sign:
    """
    Something that went wrong in a visit and is no exception: what, in words, when and how often.

    `what` is `request`, `rage`, `dead`, `error click`, `custom`, `console` or `crash`. The words of a request
    are its method, path and status, those of a click are what was clicked.
    """

    what: str
    words: str
    after_seconds: int = 60
    count: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    """
    One visit, as recorded by all vendors that recorded it.

    `device_number` tells a customer's devices apart; an app's visit may be recorded `offline` and come later.
    """

    started_at: datetime
    seconds: int
    pages: tuple[str, ...] = ("/",)
    errors: tuple[Error, ...] = ()
    running: bool = False
    signs: tuple[Sign, ...] = ()
    device_number: int = 0
    offline: bool = False
    network: str = "wifi"

    @property
    def ended_at(self) -> datetime:
        """When it ended or, while it runs, its last event."""
        return self.started_at + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Customer:
    """
    A customer, and which vendors have them.

    `raygun_identifier` is what the app gave Raygun as identifier: the uid in most apps, the address in some.
    With `anonymous` it is the device's own, which the app has given nobody. `plan` is what they pay for,
    where the app tells its tools.
    """

    number: int
    uid: str
    email: str | None
    name: str | None
    about: str
    visits: tuple[Visit, ...] = ()
    vendors: frozenset[str] = frozenset({FULLSTORY, RAYGUN, RYBBIT})
    raygun_identifier: str | None = None
    device: str = "Desktop"
    browser: tuple[str, str] = ("Chrome", "142")
    os: tuple[str, str] = ("Windows", "11")
    country: str = "NZ"
    city: str = "Wellington"
    region: str = ""
    tried_by: str | None = field(default=None)
    plan: str | None = None
    anonymous: bool = False
    app_version: str = "5.2.0"

    @property
    def subject(self) -> str:
        """What people type to find them."""
        return self.tried_by or self.email or self.uid


_CART = Error("TypeError", "Cannot read properties of undefined (reading 'total')", 95)
_PAY = Error("PaymentError", "card declined with code 402", 140)
_EXPORT = Error("ExportError", "report 7 has no rows to export", 75)
_AT_PAY = (Sign("request", "POST /api/pay 502", 240), Sign("rage", "Pay now", 250, 5))
_LOOP = Error("Error", "ResizeObserver loop limit exceeded", 20)


def make_people(now: datetime) -> tuple[Customer, ...]:
    """All customers of the demo, with visits relative to a time."""
    return (*_well_known(now), *_special(now), *_ticket_senders(now))


def _ago(now: datetime, **span: float) -> datetime:
    return (now - timedelta(**span)).replace(microsecond=0)


def _well_known(now: datetime) -> tuple[Customer, ...]:
    return (
        Customer(
            77,
            "u-77",
            "jane@contoso.example",
            "Jane Doe",
            "on the site right now, in FullStory, Raygun and Rybbit, with errors at checkout",
            (
                Visit(
                    _ago(now, minutes=6), 340, ("/", "/cart", "/pay"), (_CART,), running=True, signs=_AT_PAY
                ),
                Visit(_ago(now, hours=5), 245, ("/cart", "/pay"), (_PAY,)),
                Visit(_ago(now, days=1, hours=2), 780, ("/", "/shoes", "/shoes/42", "/cart")),
                Visit(_ago(now, days=6), 62, ("/help/returns",)),
            ),
            raygun_identifier="jane@contoso.example",
            plan="gold",
        ),
        Customer(
            12,
            "u-12",
            "li.wei@fabrikam.example",
            "Li Wei",
            "on a phone; Raygun does not know them",
            (
                Visit(_ago(now, hours=20), 130, ("/", "/login", "/login"), (_LOOP, _LOOP)),
                Visit(_ago(now, days=3), 900, ("/", "/bags", "/bags/7", "/cart", "/pay", "/thanks")),
            ),
            vendors=frozenset({FULLSTORY, RYBBIT}),
            device="Mobile",
            browser=("Mobile Safari", "18"),
            os=("iOS", "18.6"),
            country="SG",
            city="Singapore",
        ),
        Customer(
            88,
            "cust-8841",
            "oluwaseun@adventure.example",
            "Oluwaseun Adeyemi",
            "by uid: FullStory, Raygun and Rybbit know this one",
            (
                Visit(_ago(now, hours=2), 1011, ("/", "/tents", "/cart"), (_CART, _PAY)),
                Visit(_ago(now, days=2), 40, ("/tents",)),
            ),
            browser=("Firefox", "131"),
            os=("macOS", "15"),
            country="NG",
            city="Lagos",
            tried_by="cust-8841",
        ),
        Customer(
            31,
            "u-31",
            "Amir.Haddad@Northwind.example",
            "Amir Haddad",
            "an address with capitals",
            (Visit(_ago(now, days=1), 320, ("/", "/account"), (_LOOP,)),),
            vendors=frozenset({FULLSTORY, RYBBIT}),
            country="LB",
            city="Beirut",
        ),
    )


def _special(now: datetime) -> tuple[Customer, ...]:
    many = tuple(
        Visit(_ago(now, hours=7 + 15 * n), 60 + 13 * n, ("/", "/cart")[: 1 + n % 2]) for n in range(34)
    )
    return (
        Customer(
            40,
            "u-40",
            "sam+trial@contoso.example",
            "Sam Okafor",
            "an address with a tag",
            (Visit(_ago(now, days=4), 510, ("/", "/trial", "/trial/start")),),
            vendors=frozenset({FULLSTORY, RYBBIT}),
        ),
        Customer(
            51,
            "u-51",
            "busy@tailspin.example",
            "Busy Bee",
            "more than thirty visits in 30 days",
            many,
            raygun_identifier="busy@tailspin.example",
        ),
        Customer(
            66,
            "u-66",
            "mallory@litware.example",
            HOSTILE,
            "hostile text in titles and names",
            (
                Visit(
                    _ago(now, hours=9),
                    77,
                    (f"/search/{HOSTILE}?token=secret", "/<!here>"),
                    (Error(HOSTILE, HOSTILE),),
                ),
            ),
            raygun_identifier="mallory@litware.example",
            city=HOSTILE,
        ),
        _visitor(now, 71, "u-71", "ann@wingtip.example", "Ann Berg"),
        _visitor(now, 72, "u-72", "joann@wingtip.example", "Joann Berg"),
        Customer(
            90,
            "u-90",
            None,
            None,
            "by uid: only Raygun knows this one, and is found when its index reaches back to yesterday",
            (Visit(_ago(now, hours=30), 75, ("/",), (_LOOP,)),),
            vendors=frozenset({RAYGUN}),
        ),
        Customer(
            205,
            "u-205",
            "noor@contoso.example",
            "Noor Rahimi",
            "in the phone app too: all four tools, with a crash",
            (
                Visit(_ago(now, minutes=50), 95, ("/home", "/cart", "/pay"), (_PAY,)),
                Visit(
                    _ago(now, days=1, hours=4),
                    310,
                    ("/home", "/orders"),
                    offline=True,
                    network="no internet",
                ),
            ),
            vendors=frozenset({FULLSTORY, RAYGUN, RYBBIT, UXCAM}),
            raygun_identifier="u-205",
            device="Pixel 9",
            browser=("Chrome Mobile", "142"),
            os=("Android", "16"),
            country="DE",
            city="Kassel",
            region="DE-HE",
        ),
    )


def _visitor(now: datetime, number: int, uid: str, email: str, name: str) -> Customer:
    visit = Visit(_ago(now, days=2, hours=number % 10), 200 + number, ("/", "/blog"))
    about = "an address that is part of another customer's, or has one in it"
    return Customer(number, uid, email, name, about, (visit,), frozenset({FULLSTORY, RYBBIT}))


def _ticket_senders(now: datetime) -> tuple[Customer, ...]:
    return (
        Customer(
            4711,
            "u-4711",
            "jane.doe@contoso.example",
            "Jane Doe",
            "writes most of the sample tickets; was here a moment ago, in FullStory, Raygun and Rybbit",
            (
                Visit(_ago(now, minutes=11), 560, ("/", "/dashboard", "/export"), (_EXPORT,), running=True),
                Visit(_ago(now, hours=7), 410, ("/dashboard", "/pay"), (_PAY, _LOOP)),
                Visit(_ago(now, days=2, hours=3), 95, ("/login", "/login"), (_LOOP,)),
                Visit(_ago(now, days=8), 1320, ("/", "/reports", "/reports/7")),
            ),
            raygun_identifier="jane.doe@contoso.example",
            browser=("Edge", "142"),
            country="DE",
            city="Berlin",
        ),
        Customer(
            4712,
            "u-4712",
            "jane.doe+trial@contoso.example",
            "Jane Doe",
            "an address with a tag, which a sample ticket writes with capitals",
            (
                Visit(_ago(now, hours=3), 240, ("/trial", "/trial/import"), (_EXPORT,)),
                Visit(_ago(now, days=5), 66, ("/trial",)),
            ),
            vendors=frozenset({FULLSTORY, RYBBIT}),
            country="DE",
            city="Berlin",
        ),
    )
