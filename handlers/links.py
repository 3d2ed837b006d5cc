"""
Addresses that people paste: `link_shared`, of a posted message or of the composer; and opened side panes.

What would be a card is decided by the job. An address that carries a secret is left alone: it would have to
be stored until then. In a channel shared with another company nothing is shown, and nobody is asked anything.
"""

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.domain.asking import Way
from bot.domain.links import may_share, read_link
from bot.jobs.payloads import PANE, UNFURL, PanePayload, UnfurlPayload
from bot.sources.registry import known_pages
from handlers.inbound import Inbound, accept, keep_refusal, redelivery_key, writer_of

_MOST_A_MESSAGE = 5


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Take pasted addresses."""

    @bolt.event("link_shared")
    async def on_link_shared(body: dict[str, Any]) -> None:
        event = body["event"]
        urls = _urls(event, inbound)
        if not event.get("user") or not urls:
            return
        channel = str(event.get("channel") or event.get("channel_id") or "")
        asker = writer_of(inbound, body | {"event": event | {"channel": channel}}, Way.CARD, None)
        payload = UnfurlPayload(
            user=asker.user,
            team=asker.team,
            channel=channel,
            message_ts=str(event.get("message_ts") or ""),
            unfurl_id=event.get("unfurl_id"),
            source=event.get("source"),
            urls=urls,
            is_foreign=asker.is_foreign,
            is_shared=asker.is_shared,
            is_refresh=event.get("is_unfurl_refresh") is True,
        )
        key = redelivery_key(body)
        if inbound.pace.wait(asker.user, key, f"pastes in {payload.asker.way}"):
            # Each costs calls of Slack's that all share, also where no card may be made.
            inbound.metrics.unfurls.labels("too_often").inc()
            await keep_refusal(inbound, payload.asker, "too_often", key)
            return
        await accept(inbound, UNFURL, key, payload)

    @bolt.event("entity_details_requested")
    async def on_pane(body: dict[str, Any]) -> None:
        event = body["event"]
        if not event.get("user") or not event.get("trigger_id"):
            return
        channel = str(event.get("channel") or "")
        given = [event.get("app_unfurl_url"), event.get("entity_url"), (event.get("link") or {}).get("url")]
        reference = event.get("external_ref") or {}
        payload = PanePayload(
            writer_of(inbound, body | {"event": event | {"channel": channel}}, Way.PANE, None),
            trigger_id=event["trigger_id"],
            urls=_urls({"links": [{"url": url} for url in given]}, inbound),
            entity_url=event.get("entity_url"),
            reference=reference.get("id"),
            reference_kind=reference.get("type"),
            has_thread=bool(channel and event.get("message_ts")),
        )
        await accept(inbound, PANE, redelivery_key(body), payload)


def _urls(event: dict[str, Any], inbound: Inbound) -> tuple[str, ...]:
    """What may be a vendor's page, each page once and exactly as Slack wrote its address; five at most."""
    pages: dict[object, str] = {}
    known = known_pages(inbound.settings)
    for link in event.get("links") or ():
        url = str(link.get("url") or "")
        read = read_link(url, known)
        # What is no page that is known may carry a secret of the vendor's.
        shares = read.shares if read else may_share(url, known)
        if url and not shares:
            pages.setdefault(read or url, url)
    return tuple(pages.values())[:_MOST_A_MESSAGE]
