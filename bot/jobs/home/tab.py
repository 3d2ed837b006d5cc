"""Publishing somebody's Home tab."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.words import table
from bot.audit.own import OwnLookup
from bot.domain.asking import Asker
from bot.jobs.home.view import HomeContent, answered_at, home_view
from bot.mcp.personal_tokens import PersonalTokens
from bot.operations.clock import Clock
from bot.settings.model import Settings
from bot.slack.access import Access, Refusal, Verdict
from bot.slack.client import SlackAway
from bot.sources.protocol import Source
from bot.sources.quota_status import quota_states
from bot.storage.database import StoreAway
from bot.tickets.desks.ask import Desks
from bot.tickets.switches import Switches

Own = Callable[[str], Awaitable[Sequence[OwnLookup]]]
"""A person's own last lookups, by their Slack id."""
Noting = Callable[[str], Awaitable[None]]
"""Writes down why somebody was refused."""
# So long an answer stays when the tab is left and opened again; later it is drawn anew.
_ANSWER_STAYS = timedelta(minutes=10)


class HomeTab:
    """
    Makes and publishes Home tabs; Slack keeps the last one of each person, so doing it again does no harm.

    Args:
        slack: publishes.
        access: who may ask, and who is an admin.
        sources: whose states are shown.
        desks: help desks, whose states are shown too.
        own: each person's own last lookups.
        switches: what admins may switch.
        settings: the command's name, and who sees answers.
        clock: says how old an answer is.
        tokens: people's own for programs; None where no program may ask.

    """

    def __init__(
        self,
        slack: AsyncWebClient,
        access: Access,
        sources: Sequence[Source],
        desks: Desks,
        own: Own,
        switches: Switches,
        settings: Settings,
        clock: Clock,
        tokens: PersonalTokens | None = None,
    ) -> None:
        self.switches = switches
        self.tokens = tokens
        self._slack = slack
        self._access = access
        self._sources = sources
        self._desks = desks
        self._own = own
        self._settings = settings
        self._clock = clock

    async def show(
        self,
        asker: Asker,
        *,
        answer: Sequence[dict[str, Any]] = (),
        asked: OwnLookup | None = None,
        wrong: str | None = None,
        over: str | None = None,
    ) -> str | None:
        """
        Publish somebody's tab, which also says it where they may not ask.

        Args:
            asker: whose tab it is; `asker.channel` is their direct channel with the bot.
            answer: blocks of the answer to what they asked there.
            asked: whom they asked for, which is not in the trail yet.
            wrong: what was not understood of it.
            over: the state of the tab that this one follows; without one it follows any.

        Returns:
            the state of the tab that is published now.

        Raises:
            SlackAway: when Slack cannot be reached.
            SlackApiError: when Slack does not take the tab: `hash_conflict` where it is in another state.

        """
        verdict = await self._verdict(asker)
        return await self._publish(asker, await self._content(asker, verdict, answer, asked, wrong), over)

    async def show_if_possible(
        self,
        asker: Asker,
        *,
        wrong: str | None = None,
        shown: dict[str, Any] | None = None,
        note: Noting | None = None,
    ) -> None:
        """
        Publish it, or log why not: nobody is told of a tab that was not drawn, it is opened again.

        Args:
            asker: whose tab it is.
            wrong: what is said above the rest of it.
            shown: what stands there; an answer of the last minutes stays, for whoever may see it.
            note: writes down why somebody is refused, before the tab says so.

        """
        try:
            verdict = await self._verdict(asker)
            if verdict.refusal and note:
                await note(verdict.refusal.reason)
            answered = answered_at(shown or {})
            if not verdict.refusal and answered and self._clock() - answered < _ANSWER_STAYS:
                return
            await self._publish(asker, await self._content(asker, verdict, (), None, wrong))
        except (SlackApiError, SlackAway, StoreAway) as error:
            said = error.response.get("error") if isinstance(error, SlackApiError) else str(error)
            structlog.get_logger("home").warning("home.not_shown", slack=said)

    async def why_not_ask(self, asker: Asker) -> str | None:
        """
        Why somebody may not look customers up on their tab; None for whoever may.

        Raises:
            SlackAway: when Slack cannot be asked; then nothing may be done.

        """
        verdict = await self._verdict(asker)
        return verdict.refusal.reason if verdict.refusal else None

    async def why_not_switch(self, asker: Asker) -> str | None:
        """
        Why somebody may not turn the switches; None for an admin of this workspace who may ask at all.

        Raises:
            SlackAway: when Slack cannot be asked; then nothing may be switched.

        """
        verdict = await self._verdict(asker)
        if verdict.refusal:
            return verdict.refusal.reason
        return None if verdict.is_admin else "not_admin"

    async def _verdict(self, asker: Asker) -> Verdict:
        try:
            return await self._access.admit(asker)
        except SlackApiError:
            return Verdict(Refusal("unsure", table.UNSURE_AT_HOME), in_public=False)

    async def _publish(self, asker: Asker, content: HomeContent, over: str | None = None) -> str | None:
        published = await self._slack.views_publish(user_id=asker.user, view=home_view(content), hash=over)
        state = (published.get("view") or {}).get("hash")
        return str(state) if state else None

    async def _content(
        self,
        asker: Asker,
        verdict: Verdict,
        answer: Sequence[dict[str, Any]],
        asked: OwnLookup | None,
        wrong: str | None,
    ) -> HomeContent:
        command = self._settings.slack_command
        if verdict.refusal:
            return HomeContent(asker.channel, command, refusal=verdict.refusal.message)
        own = [one for one in await self._own(asker.user) if asked is None or one.subject != asked.subject]
        return HomeContent(
            asker.channel,
            command,
            None,
            wrong,
            answer,
            [*([asked] if asked else []), *own],
            await quota_states(self._sources, self._desks.all),
            await self._desks.troubles(),
            private=self._settings.visibility != "thread",
            switches=await self.switches.now() if verdict.is_admin else None,
            is_admin=verdict.is_admin,
            answered_at=asked.at if asked and answer else None,
            has_token=await self.tokens.has_one(asker.user) if self.tokens else None,
        )
