"""Settings: every way to get them wrong stops with one line that names the variable and shows no value."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings.errors import SettingsError
from bot.settings.model import known_names, load_settings

SECRET = "hunter2-hunter2"
LONG = "a-secret-that-is-long-enough-for-all"


def complaint(**environment: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings(environment)
    return str(raised.value)


def test_any_number_of_accounts_a_vendor_are_known_by_their_labels_in_lower_case() -> None:
    settings = load_settings(
        {"FULLSTORY__EU__API_KEY": "k1", "FULLSTORY__Main__API_KEY": "k2", "RYBBIT__WWW__API_KEY": "k3",
         "RYBBIT__WWW__SITE": "1407"}
    )  # fmt: skip
    assert sorted(settings.fullstory) == ["eu", "main"]
    assert settings.rybbit["www"].base_url == "https://app.rybbit.io"


@pytest.mark.parametrize(
    ("value", "lists"),
    [
        ("fullstory/main, Rybbit/WWW", (("fullstory/main", "rybbit/www"),)),
        ('["fullstory/main", "rybbit/www"]', (("fullstory/main", "rybbit/www"),)),
        ('[["fullstory/a", "uxcam/a"], ["raygun/b"]]', (("fullstory/a", "uxcam/a"), ("raygun/b",))),
    ],
)
def test_accounts_that_share_uids_are_named_in_one_list_or_in_several(
    value: str, lists: tuple[tuple[str, ...], ...]
) -> None:
    assert load_settings({"SHARED_UIDS": value}).shared_uids == lists
    assert complaint(SHARED_UIDS="fullstory") == (
        "SHARED_UIDS: accounts are needed as vendor and label, such as fullstory/main"
    )


def test_an_unset_vendor_is_off() -> None:
    assert load_settings({}).raygun == {}


def test_both_raygun_apis_are_told_apart() -> None:
    settings = load_settings({"RAYGUN_V3__SHOP__TOKEN": "t", "RAYGUN_V3__SHOP__APPLICATION": "19abc"})
    assert settings.raygun == {}
    assert list(settings.raygun_v3) == ["shop"]


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param({"FULSTORY__MAIN__API_KEY": SECRET}, "FULSTORY__MAIN__API_KEY", id="vendor"),
        pytest.param({"FULLSTORY_API_KEY": SECRET}, "FULLSTORY_API_KEY", id="no label"),
        pytest.param({"FULLSTORY__API_KEY": SECRET}, "FULLSTORY__API_KEY", id="label forgotten"),
        pytest.param({"FULLSTORY__MAIN__APIKEY": SECRET}, "FULLSTORY__MAIN__APIKEY", id="field"),
        pytest.param({"TICKETS__BOGUS": SECRET}, "TICKETS__BOGUS", id="group's field"),
        pytest.param({"ACCESS_CHANNELS": "C1"}, "ACCESS_CHANNELS", id="one underscore"),
        pytest.param({"SLACK_BOT_TOKN": SECRET}, "SLACK_BOT_TOKN", id="plain name"),
        pytest.param({"SECRET_KEYS": SECRET}, "SECRET_KEYS", id="plural"),
    ],
)
def test_a_misspelt_name_stops_the_start(environment: dict[str, str], named: str) -> None:
    line = complaint(**environment)
    assert named in line
    assert SECRET not in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "name",
    ["ACCESS_TOKEN", "SECRET_KEY_BASE", "LOGLEVEL", "DATABASE_URLS", "LOOKUP", "HEROKU_APP", "SLACK_TOKEN"],
)
def test_other_programs_variables_are_left_alone(name: str) -> None:
    load_settings({name: "x"})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"FULLSTORY__EU__API_KEY": ""}, "FULLSTORY__EU__API_KEY is set but empty"),
        ({"SECRET_KEY": "  "}, "SECRET_KEY is set but empty"),
        ({"FULLSTORY__EU__BASE_URL": "https://x.example"}, "FULLSTORY__EU__API_KEY is missing"),
        ({"RAYGUN__SHOP__API_KEY": SECRET}, "RAYGUN__SHOP__CLIENT_ID is missing"),
        ({"ZENDESK__A__SUBDOMAIN": "acme"}, "ZENDESK__A__CLIENT_ID is missing"),
        (
            {"ZENDESK__A__SUBDOMAIN": "acme", "ZENDESK__A__CLIENT_ID": "c"},
            "ZENDESK__A__CLIENT_SECRET is missing",
        ),
        ({"ZENDESK__A__SUBDOMAIN": "acme", "ZENDESK__A__API_TOKEN": SECRET}, "ZENDESK__A__EMAIL is missing"),
        (
            {"ZENDESK__A__CLIENT_ID": "c", "ZENDESK__A__CLIENT_SECRET": SECRET},
            "ZENDESK__A__SUBDOMAIN is missing",
        ),
        ({"FULLSTORY__EU__API_KEY": f"Basic {SECRET}"}, "FULLSTORY__EU__API_KEY: give the key alone"),
        ({"SLACK_BOT_TOKEN": f"xoxp-{SECRET}"}, "SLACK_BOT_TOKEN: begins with xoxb-"),
        ({"LOOKUP__DAYS": SECRET}, "LOOKUP__DAYS: a whole number is needed"),
        ({"LOOKUP__DAYS": "0"}, "LOOKUP__DAYS: 1 or more is needed"),
        ({"LOOKUP__DAYS": "366"}, "LOOKUP__DAYS: 365 or less is needed"),
        ({"LOOKUP__DEADLINE_SECONDS": "8s"}, "LOOKUP__DEADLINE_SECONDS: a number is needed"),
        ({"HELPDESK__NOTES": SECRET}, "HELPDESK__NOTES: true or false is needed"),
        ({"SLACK_COMMAND": "find it"}, "SLACK_COMMAND: a slash and one word are needed, such as /sessions"),
        ({"SLACK_BOT_TOKEN": f'"xoxb-{SECRET}"'}, "SLACK_BOT_TOKEN: stands in quotes"),
        ({"FULLSTORY__EU__API_KEY": f"'{SECRET}'"}, "FULLSTORY__EU__API_KEY: stands in quotes"),
        ({"VISIBILITY": SECRET}, "VISIBILITY: 'thread', 'ephemeral' or 'masked' is needed"),
        ({"ACCESS__CHANNELS": "general"}, "ACCESS__CHANNELS: channel ids are needed"),
        ({"ACCESS__CHANNELS": ","}, "ACCESS__CHANNELS: names nothing, and would restrict nothing"),
        ({"ACCESS__USER_GROUPS": "[]"}, "ACCESS__USER_GROUPS: names nothing, and would restrict nothing"),
        ({"ACCESS__USER_GROUPS": "@support"}, "ACCESS__USER_GROUPS: ids of user groups are needed"),
        ({"TICKETS__UID_PATTERNS": '["(a)(b)"]'}, "TICKETS__UID_PATTERNS: pattern 1 needs exactly one group"),
        ({"TICKETS__UID_PATTERNS": "x(a)"}, "TICKETS__UID_PATTERNS: a JSON list is needed"),
        ({"TICKETS__APPS": "[broken"}, "TICKETS__APPS: is not a JSON list"),
        ({"SLACK_API_URL": f"https://u:{SECRET}@h.example"}, "SLACK_API_URL: an address without a user name"),
        ({"DATABASE_URL": f"mysql://u:{SECRET}@h/d"}, "DATABASE_URL: sqlite:///FILE or postgresql"),
        (
            {
                "RYBBIT__W__API_KEY": "k",
                "RYBBIT__W__SITE": "1",
                "RYBBIT__W__BASE_URL": "https://h.example/api",
            },
            "RYBBIT__W__BASE_URL: the server's origin alone",
        ),
        (
            {
                "RAYGUN__S__API_KEY": "k",
                "RAYGUN__S__CLIENT_ID": "i",
                "RAYGUN__S__CLIENT_SECRET": SECRET,
                "RAYGUN__S__MCP": SECRET,
            },
            "RAYGUN__S__APPLICATION is missing: MCP asks for one application's customers",
        ),
        (
            {"RYBBIT__W__API_KEY": "k", "RYBBIT__W__SITE": "abc"},
            "RYBBIT__W__SITE: the site's number is needed",
        ),
    ],
)
def test_a_wrong_half_or_empty_variable_is_named_in_one_line_without_its_value(
    environment: dict[str, str], expected: str
) -> None:
    line = complaint(**environment)
    assert line.startswith(expected)
    assert SECRET not in line
    assert "\n" not in line


@given(st.sampled_from(known_names().spelt_out), st.text(min_size=6).filter(lambda text: text.strip()))
def test_no_value_is_ever_shown(name: str, value: str) -> None:
    text = f"~{value}~"
    try:
        load_settings({name.replace("<LABEL>", "X"): text})
    except SettingsError as error:
        assert text.strip() not in str(error)  # noqa: PT017 - it may as well be accepted


def test_lists_are_json_or_comma_separated() -> None:
    for written in ('["C1", "C2"]', "C1, C2"):
        assert load_settings({"TICKETS__CHANNELS": written}).tickets.channels == ("C1", "C2")


def test_secrets_do_not_print() -> None:
    own = {"FULLSTORY__EU__API_KEY": SECRET, "SECRET_KEY": LONG, "METRICS_TOKEN": LONG}
    settings = load_settings(
        own | {"DATABASE_URL": "postgresql://casefile:correct-horse@db.example/casefile"}
    )
    assert "correct-horse" in settings.secrets
    assert "correct-horse" not in repr(settings)
    assert SECRET not in repr(settings)
    assert LONG not in repr(settings)


def test_tokens_for_programs_have_names_and_each_is_masked() -> None:
    other = f"other-{LONG}"
    settings = load_settings({"MCP_TOKEN": f"desk:{LONG}, night:{other}".replace(" ", "")})
    assert settings.mcp_tokens == {"desk": LONG, "night": other}
    assert set(settings.secrets) >= {LONG, other}
    assert load_settings({"MCP_TOKEN": LONG}).mcp_tokens == {"token": LONG}
    assert load_settings({}).mcp_tokens == {}
    assert [line.partition(":")[0] for line in settings.cautions] == ["MCP_HOSTS is not set"]
    reached = {"MCP_TOKEN": LONG, "MCP_HOSTS": "casefile.example"}
    assert load_settings(reached).cautions == ()
    some = reached | {"ACCESS__CHANNELS": "C0123ABCD"}
    [caution] = load_settings(some).cautions
    assert "ACCESS__SHARED_TOKENS" in caution
    assert load_settings(some | {"ACCESS__SHARED_TOKENS": "true"}).cautions == ()


def test_several_secret_keys_are_taken_apart() -> None:
    assert load_settings({"SECRET_KEY": f"{LONG}, old"}).secret_keys == (LONG, "old")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SECRET_KEY": "x" * 31}, "SECRET_KEY: the first key has fewer than 32 characters"),
        ({"SECRET_KEY": f"short,{LONG}"}, "SECRET_KEY: the first key has fewer than 32 characters"),
        ({"SECRET_KEY": "put-a-long-random-text-here-and-more-of-it"}, "SECRET_KEY: is the example's"),
        ({"METRICS_TOKEN": "x" * 15}, "METRICS_TOKEN: has fewer than 16 characters"),
        ({"MCP_TOKEN": "x" * 15}, "MCP_TOKEN: has a token of fewer than 16 characters"),
        ({"MCP_TOKEN": f"desk:{LONG},night:short"}, "MCP_TOKEN: has a token of fewer than 16 characters"),
        ({"MCP_TOKEN": f"desk:{LONG},{LONG},{LONG}"}, "MCP_TOKEN: several tokens need a name each"),
        ({"MCP_TOKEN": f"desk:{LONG},desk:{LONG}"}, "MCP_TOKEN: several tokens need a name each"),
        ({"MCP_TOKEN": f"desk:{LONG},night:{LONG}"}, "MCP_TOKEN: has the same token under two names"),
        ({"MCP_HOSTS": "https://casefile.example"}, "MCP_HOSTS: names of hosts alone are needed"),
        ({"RAYGUN_WEBHOOK_SECRET": "x" * 15}, "RAYGUN_WEBHOOK_SECRET: has fewer than 16 characters"),
        (
            {"RYBBIT__A__API_KEY": "k", "RYBBIT__A__SITE": "1", "RYBBIT__A__BASE_URL": "http://r.example"},
            "RYBBIT__A__BASE_URL: is http://",
        ),
        ({"SLACK_API_URL": "http://slack.example/api"}, "SLACK_API_URL: is http://"),
    ],
)
def test_a_secret_that_can_be_guessed_or_overheard_stops_the_start(
    environment: dict[str, str], expected: str
) -> None:
    assert complaint(**environment).startswith(expected)


@pytest.mark.parametrize("host", ["127.0.0.1:8321", "localhost", "[::1]:80"])
def test_this_machine_may_be_asked_without_tls(host: str) -> None:
    assert load_settings({"SLACK_API_URL": f"http://{host}/api"}).slack_api_url


def test_a_switch_lets_another_machine_be_asked_without_tls() -> None:
    environment = {"SLACK_API_URL": "http://slack.example/api", "ALLOW_PLAIN_HTTP": "true"}
    assert load_settings(environment).slack_api_url


def test_a_dotenv_file_is_read_checked_and_goes_behind_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LOOKUP__DAYS=7\nLOOKUP__SHOWN=3\n")
    settings = load_settings({"LOOKUP__DAYS": "14"}, file)
    assert (settings.lookup.days, settings.lookup.shown) == (14, 3)
    file.write_text("FULSTORY__MAIN__API_KEY=x\n")
    with pytest.raises(SettingsError, match="FULSTORY__MAIN__API_KEY"):
        load_settings({}, file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"LOOKUP__DAYS=7\nVISIBILITY: {SECRET}\n", ".env, line 2, cannot be read: NAME=value is needed"),
        (f'LOOKUP__DAYS=7\nFULLSTORY__EU__API_KEY="{SECRET}\n', ".env, line 2, cannot be read"),
        (
            f"FULLSTORY__EU__API_KEY={SECRET}\n# ours\nFULLSTORY__eu__API_KEY=other\n",
            "FULLSTORY__EU__API_KEY is set in line 1 of .env, and differently in line 3",
        ),
        (f"# Schl\xfcssel\nSECRET_KEY={SECRET}\n", ".env is no UTF-8 text"),
    ],
)
def test_no_line_of_a_dotenv_file_is_passed_over(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / ".env"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError) as raised:
        load_settings({}, file)
    assert str(raised.value).startswith(expected)
    assert SECRET not in str(raised.value)


def test_a_dotenv_file_may_repeat_itself_and_what_other_programs_have(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LOOKUP__DAYS=7\nexport LOOKUP__DAYS=7\nOTHERS_PATH=a\nOTHERS_PATH=b\n\n# end")
    assert load_settings({}, file).lookup.days == 7


def test_what_a_command_needs_is_named_when_it_is_missing() -> None:
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is not set"):
        load_settings({"SECRET_KEY": "x" * 32}).require("SECRET_KEY", "SLACK_BOT_TOKEN")


def test_a_name_among_the_tickets_apps_is_accepted_with_a_caution() -> None:
    environment = {"TICKETS__APPS": "A0ZENDESK01,Zendesk", "TICKETS__REQUESTER_LABELS": "Anwender,Melder"}
    settings = load_settings(environment)
    assert settings.tickets.requester_labels == ("Anwender", "Melder")
    [caution] = settings.cautions
    assert "TICKETS__APPS has a name, 'Zendesk'" in caution
