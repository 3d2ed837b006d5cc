// What an empty channel shows: what Casefile is for, and lines to try.

import { button, element } from "./dom.js";
import { icon } from "./icons.js";

const PURPOSE = "Casefile shows what a customer saw: their session replays and recent errors, from every tool that records them. Pick a line, then press Enter.";

export function welcome(channel, command, customers, fill) {
  if (channel.archived) return element("div", "welcome", element("p", "", "This channel is archived. Nobody can write here."));
  const example = (one) => button(
    "example",
    [element("code", "", `${command} ${one.subject}`), element("span", "", one.about)],
    () => fill(`${command} ${one.subject}`),
  );
  const more = channel.bot_inside
    ? `Or type ${command} followed by any email address or user id.`
    : "Casefile is not in this channel; its command works here all the same.";
  return element(
    "div",
    "welcome",
    element("div", "welcome-icon", icon("folder")),
    element("h2", "", "Who needs help?"),
    element("p", "", PURPOSE),
    ...customers.slice(0, 4).map(example),
    element("p", "hint", more),
  );
}
