"""What people do on the page, each by the name in its URL."""

from collections.abc import Awaitable, Callable

from sandbox.slack.messages import Json
from sandbox.slack.mrkdwn import as_sent
from sandbox.slack.outcome import Outcome
from sandbox.slack.page_view import may_act
from sandbox.slack.panel import Panel
from sandbox.slack.state import Execution
from sandbox.slack.suggestions import suggest
from sandbox.slack.workspace import SlackWorkspace

Act = Callable[[Json], Awaitable[Json | None]]
_A_DAY = 24 * 3_600.0


class PageActs:
    """
    Does what the page asks for, on behalf of the person who sits in front of it.

    Each takes the posted JSON; LookupError, TypeError and ValueError are told to the person.
    """

    def __init__(self, workspace: SlackWorkspace, panel: Panel) -> None:
        self._workspace = workspace
        self._state = workspace.state
        self._panel = panel

    def by_name(self) -> dict[str, Act]:
        """All acts."""
        return {
            "type": self._type,
            "press": self._press,
            "shortcut": self._shortcut,
            "submit": self._submit,
            "press-in-modal": self._press_in_modal,
            "close": self._close_modal,
            "home": self._open_home,
            "press-in-home": self._press_in_home,
            "open-pane": self._open_pane,
            "press-in-pane": self._press_in_pane,
            "close-pane": self._close_pane,
            "suggest": self._suggest,
            "ticket": self._post_ticket,
            "workflow": self._run_workflow,
            "vendor": self._switch_vendor,
            "push": self._push,
            "control": self._control,
        }

    async def _type(self, body: Json) -> None:
        user, channel, text = self._person(body), self._channel(body), str(body["text"]).strip()
        thread_ts = body.get("thread") or None
        if text.startswith("/"):
            _told(await self._workspace.type_command(channel, user, text, thread_ts=thread_ts))
        elif text:
            place = self._state.channels[channel]
            if place.archived or user not in place.members:
                raise LookupError("you cannot write here")
            sent = as_sent(text, self._names())
            await self._workspace.post_as_user(channel, user, sent, thread_ts=thread_ts)

    async def _press(self, body: Json) -> None:
        user, channel = self._person(body), self._channel(body)
        ts, action = str(body["ts"]), str(body["action_id"])
        block, option = body.get("block_id"), body.get("option")
        try:
            outcome = await self._workspace.press(channel, ts, action, user, block, option=option)
        except LookupError:
            # An answer that grows gets other block ids: the click is on what stands there now.
            outcome = await self._workspace.press(channel, ts, action, user, None, option=option)
        _told(outcome)

    async def _shortcut(self, body: Json) -> None:
        user, channel = self._person(body), self._channel(body)
        _told(await self._workspace.use_shortcut(channel, str(body["ts"]), str(body["id"]), user))

    async def _submit(self, body: Json) -> None:
        done = await self._workspace.submit_view(self._modal(body), body.get("values"))
        if done.error and done.delivery:
            raise LookupError(done.error)

    async def _press_in_modal(self, body: Json) -> None:
        action, block = str(body["action_id"]), body.get("block_id")
        option, values = body.get("option"), body.get("values")
        _told(
            await self._workspace.press_in_view(
                self._modal(body), action, block, option=option, values=values
            )
        )

    async def _close_modal(self, body: Json) -> None:
        await self._workspace.close_view(self._modal(body))

    async def _open_home(self, body: Json) -> None:
        tab = "messages" if body.get("tab") == "messages" else "home"
        _told(await self._workspace.open_home(self._person(body), tab))

    async def _press_in_home(self, body: Json) -> None:
        action, block = str(body["action_id"]), body.get("block_id")
        option, values = body.get("option"), body.get("values")
        _told(
            await self._workspace.press_in_home(
                self._person(body), action, block, option=option, values=values
            )
        )

    async def _open_pane(self, body: Json) -> None:
        user, message = self._person(body), self._state.find(self._channel(body), str(body["ts"]))
        if message is None or body["url"] not in message.entities:
            raise LookupError("no such card")
        _told(await self._workspace.open_pane(user, message, str(body["url"])))

    async def _press_in_pane(self, body: Json) -> None:
        _told(await self._workspace.press_in_pane(self._person(body), str(body["action_id"])))

    async def _close_pane(self, body: Json) -> None:
        self._state.panes.pop(self._person(body), None)
        self._state.changes.announce()

    async def _suggest(self, body: Json) -> Json:
        field = (str(body["action_id"]), str(body.get("block_id") or ""))
        courier, typed = self._workspace.courier, str(body.get("typed", ""))
        found = await suggest(self._state, courier, self._person(body), field, typed)
        return {"options": [{"label": one["text"]["text"], "value": one["value"]} for one in found]}

    async def _post_ticket(self, body: Json) -> Json:
        for ticket in self._panel.tickets:
            if ticket.name == body["name"]:
                posted = await ticket.post()
                return {"channel": posted.channel, "ts": posted.ts}
        raise LookupError("no such ticket")

    async def _run_workflow(self, body: Json) -> None:
        user, channel = self._person(body), self._channel(body)
        callback_id = next(iter(self._state.functions), "")
        inputs = {"customer": str(body["customer"]), "channel": channel}
        outcome = await self._workspace.run_step(user, callback_id, inputs)
        if outcome.error and not outcome.payload:
            raise LookupError(outcome.error)
        _told(outcome)
        execution = str(outcome.payload["event"]["function_execution_id"])
        self._workspace.courier.start(self._go_on(execution, user, channel))

    async def _go_on(self, execution: str, user: str, channel: str) -> None:
        """The workflow's next step, when the app has ended its own: a message, or Slackbot's word."""
        ended = await self._state.wait_for(lambda: self._over(execution), timeout=_A_DAY)
        if ended.outputs is None:
            self._state.notify(channel, user, f"A workflow of yours has failed: {ended.error}")
            return
        said, link = str(ended.outputs["answer"]), ended.outputs.get("session_link")
        text = f"{said}\nNewest session: {link}" if link else said
        await self._workspace.post_as_app(
            channel,
            as_sent(text, {}),
            bot_id="B0WORKFLOW",
            app_id="A0WORKFLOW",
            subtype="bot_message",
            username="Look a customer up",
        )

    def _over(self, execution: str) -> Execution | None:
        found = self._state.executions[execution]
        return found if found.is_over else None

    async def _switch_vendor(self, body: Json) -> None:
        for vendor in self._panel.vendors():
            if vendor.name == body["name"] and body["option"] in vendor.options:
                vendor.set(str(body["option"]))
                self._state.changes.announce()
                return
        raise LookupError("no such vendor or option")

    async def _push(self, body: Json) -> Json:
        for event in self._panel.pushes:
            if event.name == body["name"]:
                return {"said": await event.push()}
        raise LookupError("no such event")

    async def _control(self, body: Json) -> None:
        act = self._panel.controls.acts.get(str(body["do"]))
        if act is None:
            raise LookupError("this sandbox cannot do that")
        await act()

    def _person(self, body: Json) -> str:
        user = self._state.users[str(body["user"])]
        if not may_act(user):
            raise LookupError("nobody sits in front of this account")
        return user.id

    def _modal(self, body: Json) -> str:
        view = self._state.views[str(body["id"])]
        if view.user != self._person(body):
            raise LookupError("somebody else's modal")
        return view.id

    def _channel(self, body: Json) -> str:
        return self._state.channels[str(body["channel"])].id

    def _names(self) -> dict[str, str]:
        users = self._state.users.values()
        names = {user.real_name: user.id for user in users} | {user.name: user.id for user in users}
        return dict(sorted(names.items(), key=lambda item: -len(item[0])))


def _told(outcome: Outcome) -> None:
    """
    What went wrong with a click, in Slack's words.

    A command's own error is shown by Slack as a message to its author, not below the field.

    Raises:
        LookupError: where the app did not take it.

    """
    if outcome.error and outcome.delivery and outcome.seen is None:
        raise LookupError(f"Casefile did not take it ({outcome.error})")
