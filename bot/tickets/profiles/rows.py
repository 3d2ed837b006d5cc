"""
Help desks of which a row says enough: URLs, their own addresses, whose words an attachment's text is.

Forms come from the desks' own notifications and documents, and from public code that makes or reads them.
"""

from bot.tickets.profiles.profile import SUBDOMAIN, Author, Profile, TicketUrl, ticket_url

_CUSTOMER = Author.CUSTOMER
_JIRA = rf"{SUBDOMAIN}\.atlassian\.net|jira\.[a-z0-9.-]+"


def _row(
    system: str,
    own_domains: tuple[str, ...],
    *urls: TicketUrl,
    attachment_text: Author = _CUSTOMER,
    later_sections: Author = Author.DESK,
) -> Profile:
    return Profile(system, urls, own_domains, attachment_text=attachment_text, later_sections=later_sections)


ROWS = (
    _row(
        "intercom",
        ("intercom.io", "intercom-mail.com", "intercom.com"),
        ticket_url(
            r"app(?:\.(?:eu|au))?\.intercom\.(?:com|io)", r"^/a/(?:inbox|apps)/.*/?conversations?/(\d+)"
        ),
        later_sections=_CUSTOMER,
    ),
    _row(
        "helpscout",
        ("helpscout.net",),
        ticket_url(r"secure\.helpscout\.net", r"^/conversation/(?P<key>\d+)/(\d+)"),
        ticket_url(r"secure\.helpscout\.net", r"^/conversation/(\d+)/?$"),
    ),
    _row("front", ("frontapp.com",), ticket_url(r"app\.frontapp\.com", r"^/open/((?:cnv|msg)_[a-z0-9]+)")),
    _row(
        "hubspot",
        ("hubspot.com",),
        ticket_url(
            r"app(?:-[a-z]{2}\d)?\.hubspot\.com",
            r"^/(?:contacts/\d+/(?:record/0-5|ticket)|help-desk/\d+/view/[\w-]+/ticket|live-messages/\d+/inbox)/(\d+)",
        ),
        attachment_text=Author.DESK,
    ),
    _row(
        "jira",
        ("atlassian.net",),
        ticket_url(_JIRA, r"^/(?:.*/)?browse/([A-Z][A-Z0-9_]+-\d+)$"),
        ticket_url(_JIRA, r"^/(?:.*/)?(?:servicedesk|queues)/.*/([A-Z][A-Z0-9_]+-\d+)$"),
    ),
    _row(
        "zoho",
        ("zohodesk.com",),
        ticket_url(r"(?:desk|support)\.zoho\.(?:com|eu|in|jp|sa|ca|com\.au|com\.cn)", r"#Cases/dv/(\d+)"),
        ticket_url(
            r"desk\.zoho\.(?:com|eu|in|jp|sa|ca|com\.au|com\.cn)", r"^/agent/.*/tickets/(?:details/)?(\d+)"
        ),
    ),
    _row(
        "gorgias",
        ("gorgias.com",),
        ticket_url(rf"{SUBDOMAIN}\.gorgias\.com", r"^/app/(?:tickets?|views/\d+)/(\d+)"),
        attachment_text=Author.DESK,
    ),
    _row(
        "crisp",
        ("crisp.email",),
        ticket_url(r"app\.crisp\.(?:chat|im)", r"^/website/[0-9A-Za-z-]+/inbox/(session_[0-9A-Za-z-]+)"),
    ),
    _row(
        "plain",
        ("plainsupport.com",),
        ticket_url(r"app\.plain\.com", r"^/workspace/\w+/thread/(th_\w+)"),
        later_sections=_CUSTOMER,
    ),
    _row(
        "groove",
        ("groovehq.com",),
        ticket_url(rf"{SUBDOMAIN}\.groovehq\.com", r"^/(?:groove_client/)?tickets/(\d+)"),
    ),
    _row(
        "pylon",
        ("usepylon.com",),
        ticket_url(r"app\.usepylon\.com", r"^(?:/[\w-]+)*/?issues(?:/|$)", "issueNumber"),
        ticket_url(r"app\.usepylon\.com", r"^/issues/([0-9A-Za-z-]+)$"),
    ),
    _row(
        "kustomer",
        ("kustomerapp.com",),
        ticket_url(rf"{SUBDOMAIN}\.kustomerapp\.com", r"^/app/customers/[0-9a-f]{24}/event/([0-9a-f]{24})"),
    ),
    _row(
        "salesforce",
        ("case.salesforce.com",),
        ticket_url(
            rf"{SUBDOMAIN}(?:\.sandbox)?\.lightning\.force\.com",
            r"^/lightning/r/Case/(500[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?)/view",
        ),
    ),
    _row("linear", (), ticket_url(r"linear\.app", r"^/[\w-]+/issue/([A-Z][A-Z0-9]*-\d+)")),
)
