"""The table of vendors: each line is whole, and what is taken from it fits."""

import pytest

from bot.domain.links import read_link
from bot.settings.model import load_settings
from bot.settings.one_value import ACCOUNTS
from bot.slack.manifest import undeclared
from bot.sources.registry import TITLES, VENDORS, VendorEntry, known_pages, linked_hosts

each_vendor = pytest.mark.parametrize("entry", VENDORS, ids=lambda entry: entry.vendor)


@each_vendor
def test_a_vendors_source_can_be_loaded_and_its_accounts_configured(entry: VendorEntry) -> None:
    assert callable(entry.build)
    assert ACCOUNTS[entry.vendor].where
    assert ACCOUNTS[entry.vendor].model_fields.keys() >= {"base_url"}
    assert all(
        name.lower() in ACCOUNTS[entry.vendor].model_fields for name in ACCOUNTS[entry.vendor].also_asked
    )


@each_vendor
def test_a_vendors_sample_is_read_as_its_own_and_slack_can_be_told_of_it(entry: VendorEntry) -> None:
    assert entry.pages is not None
    pages = entry.pages({})
    link = read_link(pages.sample, known_pages())
    assert link is not None
    assert link.vendor == entry.vendor
    assert undeclared([link.host], [pages.domain]) == ()


def test_every_vendor_has_one_line_and_a_title_of_its_own() -> None:
    assert len(TITLES) == len(VENDORS) == len(set(TITLES.values()))


def test_slack_is_told_of_what_is_configured_alone() -> None:
    assert linked_hosts(load_settings({})) == frozenset()
    own = {"SENTRY__A__TOKEN": "t", "SENTRY__A__ORGANIZATION": "acme"}
    assert linked_hosts(load_settings(own)) == {"sentry.io"}
    server = own | {"SENTRY__A__BASE_URL": "https://sentry.contoso.example"}
    assert linked_hosts(load_settings(server)) == {"sentry.io", "sentry.contoso.example"}
