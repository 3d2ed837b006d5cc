// The channels at the left, with a dot where something is unread, and the bar above the conversation.

import { button, byId, element, redraw } from "./dom.js";
import { icon } from "./icons.js";

export const isDirect = (channel) => channel.kind.endsWith("direct");

function mark(channel) {
  if (channel.app) return icon("folder");
  if (isDirect(channel)) return "●";
  return icon(channel.kind === "private" ? "lock" : "hash");
}

function row(channel, here, unread, open) {
  const node = button(
    `channel${here ? " here" : ""}${unread ? " unread" : ""}`,
    [
      element("span", "mark", mark(channel)),
      element("span", "title", channel.title),
      unread ? element("span", "quietly", "(unread)") : null,
      unread ? element("span", "dot") : null,
      !unread && channel.shared ? element("span", "tag", "shared") : null,
      !unread && channel.archived ? element("span", "tag", "archived") : null,
    ].filter(Boolean),
    () => open(channel),
  );
  node.title = channel.about;
  node.dataset.channel = channel.id;
  if (here) node.setAttribute("aria-current", "page");
  return node;
}

export function drawChannels(view, unread, open) {
  const group = (title, some) => (some.length
    ? [element("h2", "", title), ...some.map((one) => row(one, one.id === view.channel.id, unread.has(one.id), open))]
    : []);
  const box = byId("channels");
  const focused = document.activeElement?.dataset?.channel;
  const drawn = redraw(box, [view.channels, view.channel.id, [...unread]], () => [
    ...group("Channels", view.channels.filter((one) => !isDirect(one))),
    ...group("Direct messages", view.channels.filter((one) => isDirect(one) && !one.app)),
    ...group("Apps", view.channels.filter((one) => one.app)),
  ]);
  if (drawn && focused) box.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

export function drawBar(channel, { drawersOpen, showDrawers }) {
  const bot = channel.bot_inside ? "Casefile is in here" : "Casefile is not in here";
  redraw(byId("channel-bar"), [channel, drawersOpen], () => [
    element("h1", "", element("span", "mark", mark(channel)), channel.title),
    element("span", "about", channel.about),
    channel.app ? null : element("span", "presence", bot),
    drawersOpen ? null : button("plain", "Try it", showDrawers),
  ]);
}

export function drawPeople(view) {
  const select = byId("me");
  if (select === document.activeElement && select.options.length) return;
  redraw(select, view.people, (people) => people.map((one) => new Option(`${one.name} (${one.role})`, one.id)));
  select.value = view.me.id;
}
