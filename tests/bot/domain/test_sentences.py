"""What people say to the bot in words."""

import pytest

from bot.domain.subjects import (
    Ask,
    Debug,
    Help,
    NobodyNamed,
    NotUnderstood,
    Several,
    read_sentence,
)
from tests.subjects import email, uid

JANE, LI = "jane@contoso.example", "li@fabrikam.example"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"{JANE} 7d fresh please", Ask(email(JANE), 7, fresh=True)),
        (f"{JANE} 7 d, fresh please", Ask(email(JANE), 7, fresh=True)),
        (f"who is {JANE}? 1 day only", Ask(email(JANE), 1, fresh=False)),
        (f"please {JANE} 400d", NotUnderstood("Between 1 and 365 days can be looked back, such as 7d.")),
        (f"please look at {JANE}, 7d.", Ask(email(JANE), 7)),
        (f"anything fresh about {JANE} over the last 14 days?", Ask(email(JANE), 14, fresh=True)),
        (f"{JANE} and {LI} 7d", Several((email(JANE), email(LI)), 7)),
        (f"{JANE}, {LI} fresh", Several((email(JANE), email(LI)), fresh=True)),
        (f"@sam, who is {JANE}?", Ask(email(JANE))),
        (f"<@U0SAM> and <!here>: who is {JANE}?", Ask(email(JANE))),
        (f"{JANE} sent icon@2x.png to git@host.example:x/y", Ask(email(JANE))),
        (f"{JANE} wrote {JANE.upper()} there", Ask(email(JANE))),
        ("see 7d@contoso.example", Ask(email("7d@contoso.example"))),
        ("Help", Help()),
        ("help?", Help()),
        ("Debug!", Debug()),
        ("cust-8841", Ask(uid("cust-8841"))),
        ("UID:thanks", Ask(uid("thanks"))),
    ],
)
def test_a_sentence_asks_for_whom_it_names_and_as_it_says(words: str, expected: object) -> None:
    assert read_sentence(f"<@U0BOT> {words}") == expected


@pytest.mark.parametrize(
    "words", ["", "?", "thanks", "please look at this", ":thumbs_up:", "help me with her", "🙏"]
)
def test_small_talk_names_nobody(words: str) -> None:
    assert isinstance(read_sentence(f"<@U0BOT> {words}"), NobodyNamed)


@pytest.mark.parametrize(
    "words",
    [
        f"{JANE} 7d or 8d",
        f"{JANE} and bob@localhost",
        f"{JANE} or uid:u-77?",
        "7d",
        "fresh please",
        "thanks 7d",
        "cust-8841 please",
        "<tel:+64215550123|+64 21 555 0123>",
        "<https://desk.example/1> please",
        f"{'x ' * 2_000}{JANE}",
        " ".join(f"u{number}@contoso.example" for number in range(60)),
    ],
)
def test_what_a_sentence_names_is_never_left_out_without_a_word(words: str) -> None:
    read = read_sentence(f"<@U0BOT> {words}")
    assert isinstance(read, NotUnderstood)
    assert read.why
