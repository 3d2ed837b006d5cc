"""ServiceNow: incidents and requests, named in fields by whatever labels the flow's author typed."""

from bot.tickets.profiles.profile import SUBDOMAIN, Profile, ticket_url

_HOST = rf"{SUBDOMAIN}\.service-now\.com"
_TABLES = r"(?:incident|sc_request|sc_req_item|sn_customerservice_case|sc_task|u_\w+)"

SERVICENOW = Profile(
    "servicenow",
    urls=(
        ticket_url(
            _HOST,
            rf"^/(?:now/nav/ui/classic/params/target/)?{_TABLES}\.do$",
            "sys_id",
            value=r"[\w-]{1,40}",
        ),
        # The record's own URL inside another one: in the path, or as a parameter of the older frame.
        ticket_url(_HOST, rf"^/now/nav/ui/classic/params/target/{_TABLES}\.do%3Fsys_id%3D([0-9a-f]{{32}})"),
        ticket_url(_HOST, r"^/nav_to\.do$", "uri", value=rf"/?{_TABLES}\.do\?sys_id=([0-9a-f]{{32}})\b.*"),
        ticket_url(_HOST, r"^/now/\w+/(?:agent/)?record/\w+/([0-9a-f]{32})"),
    ),
    own_domains=("service-now.com",),
)
