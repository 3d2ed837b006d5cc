"""Help desks' URLs: which ticket they name, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import TicketReference
from bot.tickets.reading.markup import MarkupLink
from bot.tickets.reading.references import References

KNOWN = [
    ("https://acme.zendesk.com/agent/tickets/48213", "zendesk", "48213"),
    ("https://acme.zendesk.com/agent/#/tickets/48213", "zendesk", "48213"),
    ("https://acme.zendesk.com/hc/en-us/requests/48213", "zendesk", "48213"),
    ("https://app.intercom.com/a/inbox/abc123/inbox/conversation/2154", "intercom", "2154"),
    ("https://app.intercom.com/a/apps/abc123/inbox/inbox/all/conversations/2154", "intercom", "2154"),
    ("https://app.eu.intercom.com/a/inbox/abc123/inbox/shared/all/conversation/2154", "intercom", "2154"),
    ("https://acme.freshdesk.com/a/tickets/9203", "freshdesk", "9203"),
    ("https://acme.freshdesk.com/helpdesk/tickets/9203", "freshdesk", "9203"),
    ("https://secure.helpscout.net/conversation/3382659721/11535/", "helpscout", "11535"),
    ("https://secure.helpscout.net/conversation/3382659721/11535?folderId=1", "helpscout", "11535"),
    ("https://app.frontapp.com/open/cnv_55c8c149", "front", "cnv_55c8c149"),
    ("https://app.hubspot.com/contacts/1234567/record/0-5/998877", "hubspot", "998877"),
    ("https://app-eu1.hubspot.com/contacts/1234567/ticket/998877/", "hubspot", "998877"),
    ("https://app.hubspot.com/help-desk/1234567/view/1/ticket/998877", "hubspot", "998877"),
    ("https://acme.atlassian.net/browse/SUP-12", "jira", "SUP-12"),
    ("https://acme.atlassian.net/servicedesk/customer/portal/3/SUP-12", "jira", "SUP-12"),
    ("https://acme.atlassian.net/jira/servicedesk/projects/SUP/queues/custom/1/SUP-12", "jira", "SUP-12"),
    (
        "https://desk.zoho.eu/support/acme/ShowHomePage.do#Cases/dv/113670000000158077",
        "zoho",
        "113670000000158077",
    ),
    ("https://desk.zoho.com/agent/acme/all/tickets/details/63383000025230899", "zoho", "63383000025230899"),
    ("https://acme.gorgias.com/app/ticket/5550001", "gorgias", "5550001"),
    ("https://app.crisp.chat/website/7598bf86-9ebb/inbox/session_0a1b/", "crisp", "session_0a1b"),
    ("https://app.plain.com/workspace/w_01HX/thread/th_01J8ABCDEF", "plain", "th_01J8ABCDEF"),
    ("https://acme.groovehq.com/groove_client/tickets/68659446", "groove", "68659446"),
    ("https://app.usepylon.com/issues?issueNumber=76707", "pylon", "76707"),
    ("https://app.usepylon.com/issues/5c2a-41", "pylon", "5c2a-41"),
    ("https://linear.app/acme/issue/ENG-123/export-fails", "linear", "ENG-123"),
    *(
        (f"https://acme.service-now.com/{path}", "servicenow", "9d385017c611228701d22104cc95c371")
        for path in (
            "incident.do?sys_id=9d385017c611228701d22104cc95c371",
            "nav_to.do?uri=incident.do?sys_id=9d385017c611228701d22104cc95c371&sysparm_stack=x",
            "nav_to.do?uri=%2Fincident.do%3Fsys_id%3D9d385017c611228701d22104cc95c371%26sysparm_view%3Dx",
            "now/nav/ui/classic/params/target/incident.do%3Fsys_id%3D9d385017c611228701d22104cc95c371",
            "now/sow/record/incident/9d385017c611228701d22104cc95c371",
        )
    ),
    (
        "https://acme.kustomerapp.com/app/customers/636ecafb3ee7ff7209b2014f/event/637afc19d3637b39d65b156d",
        "kustomer",
        "637afc19d3637b39d65b156d",
    ),
    (
        "https://acme.lightning.force.com/lightning/r/Case/500Qk00000C8gxeIAB/view",
        "salesforce",
        "500Qk00000C8gxeIAB",
    ),
    ("https://chat.acme.example/app/accounts/1/conversations/321", "chatwoot", "321"),
    ("https://desk.acme.example:8080/#ticket/zoom/77", "zammad", "77"),
    ("https://help.acme.example/scp/tickets.php?id=991", "osticket", "991"),
]


def read(link: MarkupLink) -> TicketReference | None:
    found = References().read(link)
    return found.reference if found else None


@pytest.mark.parametrize(("url", "system", "ticket_id"), KNOWN)
def test_a_tickets_url_is_known(url: str, system: str, ticket_id: str) -> None:
    ticket = read(MarkupLink(url))
    assert ticket is not None
    assert (ticket.system, ticket.id, ticket.url) == (system, ticket_id, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.zendesk.com.evil.example/agent/tickets/48213",
        "https://evil.example/?u=https://acme.zendesk.com/agent/tickets/48213",
        "https://user@acme.zendesk.com/agent/tickets/48213",
        "https://acme.zendesk.com@evil.example/agent/tickets/48213",
        "https://acme.zendesk.com:8443/agent/tickets/48213",
        "https://xn--zendes-lzb.example/agent/tickets/48213",
        "ftp://acme.zendesk.com/agent/tickets/48213",
        "https://acme.zendesk.com/agent/users/48213",
        "https://app.intercom.com/a/apps/abc123/users/65f0",
        "https://help.acme.example/scp/tickets.php?id=abc",
        "https://acme.service-now.com/nav_to.do?uri=home.do?sys_id=9d385017c611228701d22104cc95c371",
        "https://acme.service-now.com/nav_to.do?uri=incident.do?sys_id=-1",
        "https://acme.lightning.force.com/lightning/r/Account/001Qk00000C8gxeIAB/view",
        "https://acme.kustomerapp.com/app/customers/636ecafb3ee7ff7209b2014f",
        "https://[acme.zendesk.com/agent/tickets/48213",
        "https://acme.zendesk.com:port/agent/tickets/1",
    ],
)
def test_what_only_looks_like_a_tickets_url_is_none(url: str) -> None:
    assert read(MarkupLink(url)) is None


def test_osticket_is_known_by_the_number_that_its_link_shows() -> None:
    ticket = read(MarkupLink("https://help.acme.example/scp/tickets.php?id=991", "#448123 - Fire"))
    assert ticket is not None
    assert ticket.id == "448123"


@given(
    st.text()
    | st.sampled_from([url for url, _, _ in KNOWN]).flatmap(lambda u: st.text().map(lambda t: u + t))
)
def test_no_url_raises(url: str) -> None:
    read(MarkupLink(url))
