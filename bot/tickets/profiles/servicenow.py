"""ServiceNow: incidents and requests, named in fields by whatever labels the flow's author typed."""

from bot.tickets.profiles.profile import SUBDOMAIN, Profile, ticket_url

_TABLES = r"(?:incident|sc_request|sc_req_item|sn_customerservice_case|sc_task|u_\w+)"

SERVICENOW = Profile(
    "servicenow",
    urls=(
        ticket_url(
            rf"{SUBDOMAIN}\.service-now\.com",
            rf"^/(?:now/nav/ui/classic/params/target/)?{_TABLES}\.do$",
            "sys_id",
        ),
        ticket_url(rf"{SUBDOMAIN}\.service-now\.com", r"^/now/\w+/(?:agent/)?record/\w+/([0-9a-f]{32})"),
    ),
    own_domains=("service-now.com",),
)
