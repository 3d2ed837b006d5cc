"""
Known senders that are no help desks, by the hosts that they link to.

Code hosts, error trackers, status pages, shops, payments, calendars, on-call: what they call a contact or a
customer is not somebody who wrote in.
"""

import re

_HOSTS = re.compile(
    r"(?:[\w-]+\.)*(?:"
    r"github\.com|github\.io|gitlab\.com|bitbucket\.org|codeberg\.org|dev\.azure\.com|visualstudio\.com"
    r"|sentry\.io|rollbar\.com|bugsnag\.com|honeybadger\.io|airbrake\.io|raygun\.com|datadoghq\.(?:com|eu)"
    r"|newrelic\.com|logrocket\.com|grafana\.net|elastic\.co|splunk\.com|sumologic\.com"
    r"|statuspage\.io|status\.io|instatus\.com|betteruptime\.com|betterstack\.com|pingdom\.com|uptimerobot\.com"
    r"|myshopify\.com|shopify\.com|woocommerce\.com|bigcommerce\.com|squarespace\.com|etsy\.com|gumroad\.com"
    r"|stripe\.com|paypal\.com|chargebee\.com|recurly\.com|paddle\.com|braintreegateway\.com|squareup\.com"
    r"|adyen\.com|gocardless\.com|lemonsqueezy\.com|mollie\.com"
    r"|calendly\.com|cal\.com|calendar\.google\.com|savvycal\.com|acuityscheduling\.com"
    r"|meetings\.hubspot\.com|zoom\.us|meet\.google\.com"
    r"|pagerduty\.com|opsgenie\.com|victorops\.com|incident\.io|rootly\.com|firehydrant\.(?:com|io)|squadcast\.com"
    r"|circleci\.com|travis-ci\.(?:com|org)|buildkite\.com|vercel\.com|netlify\.com|heroku\.com|jenkins\.io"
    r")"
)
# Self-hosted ones, by the first part of their host.
_FIRST = re.compile(r"(?:gitlab|github|git|sentry|jenkins|grafana|status|gitea|bitbucket|statuspage|ci)\..+")
_OPSGENIE = re.compile(r"^/opsgenie/|^/wiki/|^/c/|/statuspage/")


def is_known_other(host: str, path: str) -> bool:
    """Whether a link leads to a known sender that is no help desk."""
    return bool(_HOSTS.fullmatch(host) or _FIRST.fullmatch(host)) or (
        host.endswith(".atlassian.net") and bool(_OPSGENIE.match(path))
    )
