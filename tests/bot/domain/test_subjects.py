"""What people type after the command and into the form, and addresses in any way in."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.addresses import subject_of_address, subject_of_value
from bot.domain.characters import narrow, without_invisible
from bot.domain.model import Subject, SubjectKind
from bot.domain.subjects import (
    Ask,
    Debug,
    Help,
    Mute,
    NotUnderstood,
    Several,
    read_command,
    read_sentence,
    read_subject,
)
from tests.subjects import email, uid

JANE, LI = "jane@contoso.example", "li@fabrikam.example"


# Each is Jane's address as it may come by a command, a message, the form or a terminal.
PLAIN = [
    "{}",
    "  {}  ",
    "({}),",
    "“{}”",
    "'{}'",
    "*{}*",
    "_{}_",
    "~{}~",
    "`{}`",
    "```{}```",
    "[{}]",
    "「{}」",
    "{}'s",
    "{}’s.",
    "{}.",
    "{}，",
    "{}。",
    "{}!",
    "{}:",
    "<{}>;",
    "mailto:{}",
    "MAILTO:{}?subject=A%20question",
    "E-Mail:{}",
    ":email:{}",
    ":wave: {} :pray::skin-tone-2:",
    "{} 🙏",
    "Jane Doe <{}>",
    "Doe, Jane <{}>",
    '"Doe, Jane" <{}>',
    '"Fresh, Jane" <{}>',
    "“Doe, Jane” <{}>,",
    "Jane Doe ({})",
    "Jane (Sales) Doe [{}]",
    "{} (Jane Doe)",
    "{} (Doe, Jane),",
    "{0} <{0}>",
    "\u200b{}",
    "\u2066{}\u2069",
    "\u202a{}\u202c",
    "\ufeff{}\u200e",
    "\u00a0{}\u00a0",
    "\u3000{}",
]
SLACKS = [
    "<mailto:{0}|{0}>",
    "<mailto:{0}|{0}>,",
    "(<mailto:{0}|{0}>).",
    "“<mailto:{0}|{0}>”",
    "<mailto:{0}|Jane Doe>",
    "<mailto:{0}>",
    "<mailto:{0}?subject=a%20b&amp;cc=c|{0}>",
    "<mailto:{0}?body=li@fabrikam.example|the mail>",
    "Jane Doe &lt;<mailto:{0}|{0}>&gt;",
    '"Doe, Jane" &lt;<mailto:{0}|{0}>&gt;,',
    "Jane Doe <mailto:{0}|{0}>",
    "&lt;{0}&gt;",
    "<mailto:{0}|\u200b{0}>",
]
INSIDE = [
    "ja\u200bne@contoso.example",
    "jane@con\u00adtoso.example",
    "jane\u2060@\ufeffcontoso\u200e.example",
    "jane＠contoso.example",
    "jane﹫contoso．example",
    "ｊａｎｅ＠ｃｏｎｔｏｓｏ．ｅｘａｍｐｌｅ",
    "jane@<http://contoso.example|contoso.example>",
    "jane@<http://contoso.example>",
    "jane＠<http://contoso.example/|contoso.example>",
    "<mailto:jane%40contoso.example|jane@contoso.example>",
]


@pytest.mark.parametrize("text", [*(form.format(JANE) for form in PLAIN + SLACKS), *INSIDE], ids=ascii)
def test_an_address_is_read_in_any_form_it_may_be_typed_or_pasted(text: str) -> None:
    assert read_command(text) == Ask(email(JANE))
    assert read_sentence(f"<@U0BOT> {text}") == Ask(email(JANE))
    assert read_command(f"{text} 7d fresh") == Ask(email(JANE), 7, fresh=True)


def test_vendors_are_asked_for_an_address_in_every_spelling_once() -> None:
    ascii_form = "jürgen@xn--bcher-kva.example"
    assert subject_of_address("Jürgen@BÜCHER.example").spellings == (
        "Jürgen@BÜCHER.example",
        "jürgen@bücher.example",
        ascii_form,
    )
    assert subject_of_address("Jane@Contoso.example").spellings == ("Jane@Contoso.example", JANE)
    assert subject_of_value(ascii_form).spellings == ("jürgen@bücher.example", ascii_form)


@pytest.mark.parametrize("form", PLAIN, ids=ascii)
def test_the_form_and_a_terminal_read_an_address_as_the_command_does(form: str) -> None:
    assert read_subject(form.format(JANE)) == email(JANE)


ADDRESSES = [
    JANE,
    "jane.doe+trial@contoso.example",
    "o'brien@contoso.example",
    "_jane@contoso.example",
    "a/b=c@contoso.example",
    "100%25off@contoso.example",
    "7d@contoso.example",
    "help@contoso.example",
    "jürgen@bücher.example",
    "用户@例子.example",
]


@given(st.sampled_from(ADDRESSES), st.sampled_from(PLAIN), st.sampled_from(PLAIN[2:12]))
def test_whatever_is_put_around_an_address_the_subject_stays(address: str, outer: str, inner: str) -> None:
    bare = read_subject(address)
    assert isinstance(bare, Subject)
    assert read_subject(outer.format(address)) == bare
    assert read_command(f"{inner.format(address)} fresh") == Ask(bare, fresh=True)


@given(
    st.sampled_from(ADDRESSES),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("\u200b\u00ad\u200e\u2066\u2069\ufeff\u2060"))),
)
def test_invisible_characters_anywhere_in_an_address_change_nothing(
    address: str, put: list[tuple[int, str]]
) -> None:
    text = address
    for where, mark in put:
        text = text[:where] + mark + text[where:]
    assert read_command(text) == read_command(address)
    assert isinstance(read_command(address), Ask)


def test_an_address_is_compared_in_lower_case_and_kept_as_typed() -> None:
    assert read_command("Amir.Haddad+x@Northwind.example") == Ask(
        email("amir.haddad+x@northwind.example", "Amir.Haddad+x@Northwind.example")
    )


def test_an_international_domain_is_compared_by_its_ascii_form() -> None:
    assert read_command("jürgen@bücher.example") == Ask(
        email("jürgen@xn--bcher-kva.example", "jürgen@bücher.example")
    )


def test_a_link_that_shows_another_address_is_not_decided_upon() -> None:
    text = f"<mailto:{JANE}|{LI}>"
    assert isinstance(read_command(text), NotUnderstood)
    assert read_sentence(text) == Several((email(JANE), email(LI)))


UIDS = [
    "u-77",
    "U-77",
    "u_77.",
    "00042",
    "<weird>",
    "７７",
    "a．b",
    "a&b",
    "x：y",
    "_u_",
    "shop.example",
    "+64215550",
]


@pytest.mark.parametrize("text", UIDS)
def test_a_uid_is_kept_exactly_as_it_is(text: str) -> None:
    assert read_command(text.replace("&", "&amp;")) == Ask(uid(text))
    assert read_subject(text) == uid(text)


def test_what_slack_did_not_escape_is_not_undone() -> None:
    assert read_command("a&copy=1") == Ask(uid("a&copy=1"))
    assert read_subject("a&amp;b") == uid("a&amp;b")


@pytest.mark.parametrize(
    "form",
    ["`{}`", "```{}```", '"{}"', "'{}'", "“{}”", "‘{}’", "«{}»", "*{}*", "\u2066{}\u2069", ":id: {} :wave:"],
)
@pytest.mark.parametrize("prefix", ["", "uid:", "UID:", "Uid: ", "ｕｉｄ："])
def test_quotes_and_signs_of_code_around_a_uid_are_not_part_of_it(form: str, prefix: str) -> None:
    assert read_command(form.format(f"{prefix}cust-8841")) == Ask(uid("cust-8841"))
    assert read_command(prefix + form.removeprefix(":id: ").format("cust-8841")) == Ask(uid("cust-8841"))
    assert read_command(f"{form.format(f'{prefix.strip()}cust-8841')} 7d") == Ask(uid("cust-8841"), 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uid:<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("uid:<http://shop.example|shop.example>", "shop.example"),
        ("uid:<tel:+64215550|+64215550>", "+64215550"),
        ("uid:a＠b", "a＠b"),
        ("<http://shop.example|shop.example>", "shop.example"),
    ],
)
def test_a_uid_that_slack_took_for_a_link_is_as_it_was_typed(text: str, expected: str) -> None:
    assert read_command(text) == Ask(uid(expected))


@pytest.mark.parametrize(
    ("text", "expected"), [("uid:help", "help"), ("uid:a@b", "a@b"), ("uid:uid:1", "uid:1")]
)
def test_a_uid_that_looks_like_something_else_is_written_with_its_prefix(text: str, expected: str) -> None:
    assert read_command(text) == Ask(uid(expected))


def test_days_and_fresh_are_options_in_any_order() -> None:
    assert read_command(f"{JANE} 7d fresh") == Ask(email(JANE), 7, fresh=True)
    assert read_command(f"{JANE} FRESH 90D") == Ask(email(JANE), 90, fresh=True)


@pytest.mark.parametrize("text", ["help", "HELP", "`Help`", "help!", "\u200bhelp", "", "   ", ":wave:", "!!"])
def test_help_is_ours(text: str) -> None:
    assert read_command(text) == Help()


@pytest.mark.parametrize(("text", "is_on"), [("mute", True), ("Mute!", True), ("unmute", False)])
def test_a_channel_is_muted_by_a_word_of_ours(text: str, is_on: bool) -> None:
    assert read_command(text) == Mute(is_on)
    assert read_sentence(text) == Mute(is_on)
    assert isinstance(read_command(f"{text} please"), NotUnderstood)


@pytest.mark.parametrize("text", ["debug", "Debug.", "DEBUG"])
def test_debug_is_ours(text: str) -> None:
    assert read_command(text) == Debug()


@pytest.mark.parametrize(
    "text",
    [
        f"{JANE} {LI}",
        f"{JANE},{LI}",
        f"Jane <{JANE}>, Li <{LI}>",
        f"{LI} <{JANE}>",
        f"{JANE} ({LI})",
        f"{JANE} 7d 8d",
        f"{JANE} fresh fresh",
        f"{JANE} yesterday",
        f"{JANE} please",
        f"{JANE} (7d yesterday)",
        f"please {JANE}",
        f"7d <{JANE}>",
        f"fresh Jane <{JANE}>",
        f"https://desk.example/1 <{JANE}>",
        f"u-77 {JANE}",
        f"uid:u-77 {JANE}",
        "u-77 u-78",
        "help me",
        "a@b@c.example",
        "x" * 129,
        f"{'x' * 120}@contoso.example",
        "uid:",
        "uid:u\u200b77",
        "u\u00ad77",
        "<@U123ABC|jane>",
        "<#C123ABC|support>",
        "<!subteam^S123|@desk>",
        "<tel:+64215550123|+64 21 555 0123>",
        "<tel:+64215550123|+64215550123>",
        "<tel:+64215550123>",
        "<https://desk.example/1|a ticket>",
        "<mailto:jane|jane>",
        "https://desk.example/1?q=jane@contoso.example",
        "jane@<http://evil.example|contoso.example>",
        "x " * 2_001,
    ],
)
def test_anything_else_is_answered_with_what_is_understood(text: str) -> None:
    assert isinstance(read_command(text), NotUnderstood)


@pytest.mark.parametrize(
    "text", ["jane@", "jane@localhost", "@contoso", "＠contoso", "jane@x", "a@b@c.example"]
)
def test_what_looks_like_an_address_and_is_none_is_refused_by_every_way_in(text: str) -> None:
    for read in (
        read_command(text),
        read_subject(text),
        read_sentence(text),
        read_sentence(f"who is {text}?"),
    ):
        assert isinstance(read, NotUnderstood)
        assert narrow(text) in read.why
        assert "address" in read.why


@pytest.mark.parametrize("form", ["{}…", "{}...", "{}[…]", "<mailto:{0}|{0}>...", "…{}", "...{}"])
def test_an_address_that_may_be_cut_off_is_nobodys(form: str) -> None:
    cut = form.format(JANE)
    for read in (read_command(cut), read_sentence(f"what about {cut} then")):
        assert isinstance(read, NotUnderstood)
        assert "cut off" in read.why


@pytest.mark.parametrize("option", ["0d", "366d", "400d", "400D", f"{'9' * 3_000}d"])
def test_too_many_days_are_refused_by_naming_the_limit(option: str) -> None:
    for text in (f"{JANE} {option}", f"{JANE} {option} please"):
        read = read_sentence(text)
        assert isinstance(read, NotUnderstood)
        assert "1 and 365" in read.why
    assert read_command(f"{JANE} {option}") == read_sentence(f"{JANE} {option}")


def test_days_are_read_in_wide_digits_and_with_punctuation() -> None:
    assert read_command(f"{JANE}　７ｄ、ｆｒｅｓｈ".replace("、", "　")) == Ask(email(JANE), 7, fresh=True)
    assert read_command(f"{JANE}, 7d, fresh!") == Ask(email(JANE), 7, fresh=True)
    assert read_command("u-77 `7d`") == Ask(uid("u-77"), 7)


@pytest.mark.parametrize(
    "text", ["not an address !!", f"{JANE} 7d", f"{JANE} {LI}", "u-77 u-78", "!!", "", " \u200b "]
)
def test_the_form_takes_one_address_or_uid_and_nothing_else(text: str) -> None:
    assert isinstance(read_subject(text), NotUnderstood)


SIGNS = "@ ＠ . ． : ： uid: < > ( ) \" ' ` * _ ~ , ; … .. 7d fresh help <mailto: <http:// <tel: | &lt; \\"
PIECES = st.sampled_from(
    [JANE, LI, "jane", "contoso.example", "\u200b", "\u200d", "\u2066", "\x01", *SIGNS.split()]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=12).map("".join) | st.text(max_size=300)


@given(TEXTS)
def test_no_text_makes_it_raise_and_every_subject_stands_in_the_text(text: str) -> None:
    for read in (read_command(text), read_sentence(text), read_subject(text)):
        named = [read] if isinstance(read, Subject) else []
        named += [read.subject] if isinstance(read, Ask) else list(getattr(read, "subjects", ()))
        for subject in named:
            assert 0 < len(subject.typed) <= 128
            assert subject.typed in _as_seen(text, subject.kind)


def _as_seen(text: str, kind: SubjectKind) -> str:
    """The text with what Slack puts around a domain taken away, and what is made plain in an address."""
    shown = re.sub(r"<http://[^<>|]*\|([^<>]*)>", r"\1", text).replace("<http://", "")
    every = f"{text} {shown}"
    every += " " + every.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if kind is SubjectKind.UID:
        return every
    return unicodedata.normalize("NFC", narrow(without_invisible(every)))


@pytest.mark.parametrize("masked", ["j***@contoso.example", "`j**e@contoso.example`", "j•••@contoso.example"])
def test_a_masked_address_is_said_to_be_one_and_looked_up_for_nobody(masked: str) -> None:
    read = read_subject(masked)
    assert isinstance(read, NotUnderstood)
    assert "is masked. Write the whole address" in read.why
