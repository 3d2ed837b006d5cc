// Messages as DOM nodes: days, groups of one author, threads, and what is still being sent.

import { renderAttachment, renderBlocks, renderFile } from "./blocks.js";
import { button, element } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { clock, dayLabel, dayOf, lastReply, momentOf } from "./time.js";
import { renderEntity } from "./work_object.js";

// Messages of one author within five minutes stand below one head, as in Slack.
const TOGETHER_SECONDS = 300;

export function avatar(user, name, bot) {
  const node = element("div", user === bot ? "avatar casefile" : "avatar");
  node.setAttribute("aria-hidden", "true");
  node.append(user === bot ? icon("folder") : name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase());
  let hue = 0;
  for (const letter of String(user)) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  if (user !== bot) node.style.backgroundColor = `hsl(${hue} 45% 36%)`;
  return node;
}

function timeNode(ts) {
  const moment = momentOf(ts);
  const time = element("time", "", clock(moment));
  time.dateTime = moment.toISOString();
  time.title = `${dayLabel(moment)} at ${clock(moment, true)}`;
  return time;
}

function threadLink(message, doing) {
  const words = `${message.replies} ${message.replies === 1 ? "reply" : "replies"}`;
  const faces = message.repliers.map((one) => avatar(one.user, one.name, doing.bot));
  return button("thread-link", [...faces, element("strong", "", words), element("span", "", lastReply(message.last_reply))], () => doing.open(message.ts));
}

function tools(message, inThread, doing) {
  if (message.only_you) return null;
  const shortcuts = doing.shortcuts.map((one) => button("", one.name, () => doing.shortcut(message, one)));
  const reply = inThread ? null : button("", "Reply in thread", () => doing.open(message.ts));
  if (!shortcuts.length && !reply) return null;
  const node = element("div", "hover", ...shortcuts, reply);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Actions");
  return node;
}

export function messageNode(message, inThread, more, doing) {
  const context = doing.contextOf(message);
  const head = more ? null : element(
    "div",
    "head",
    element("span", "author", message.author),
    message.is_app ? element("span", "badge", "APP") : null,
    timeNode(message.ts),
  );
  const node = element(
    "article",
    `message${more ? " more" : ""}${message.only_you ? " only-you" : ""}`,
    message.only_you ? element("div", "only-you-note", icon("eye"), "Only visible to you") : null,
    more ? element("div", "gutter", timeNode(message.ts)) : avatar(message.user, message.author, doing.bot),
    element(
      "div",
      "said",
      head,
      message.blocks.length ? renderBlocks(message.blocks, context) : mrkdwn(message.text, context.names),
      ...message.attachments.map((one) => renderAttachment(one, context)),
      ...message.cards.map((one) => (one.entity
        ? renderEntity(one.entity, context, doing.app, () => doing.openPane(message, one.url))
        : renderAttachment(one, context, doing.app))),
      ...message.files.map(renderFile),
      message.edited ? element("span", "edited", "(edited)") : null,
      ...message.reactions.map((name) => element("span", "reaction", plain(`:${name}:`))),
      !inThread && message.replies ? threadLink(message, doing) : null,
    ),
    tools(message, inThread, doing),
  );
  node.tabIndex = -1;
  node.dataset.ts = message.ts;
  node.setAttribute("aria-label", `${message.author}, ${clock(momentOf(message.ts))}`);
  return node;
}

function pendingNode(pending, doing) {
  const state = pending.error
    ? element("div", "state", `Not sent: ${pending.error} `, button("fold", "Try again", pending.again), button("fold", "Discard", pending.discard))
    : element("div", "state", element("span", "turning"), "Sending…");
  return element(
    "article",
    pending.error ? "message failed" : "message sending",
    avatar(doing.me.id, doing.me.name, doing.bot),
    element("div", "said", element("div", "head", element("span", "author", doing.me.name)), element("div", "", pending.text), state),
  );
}

function dayNode(ts) {
  const node = element("div", "day", element("span", "", dayLabel(momentOf(ts))));
  node.setAttribute("role", "separator");
  node.setAttribute("aria-label", dayLabel(momentOf(ts)));
  return node;
}

function belongsTo(message, before) {
  if (!before || message.only_you || before.only_you || message.user !== before.user || message.author !== before.author) return false;
  return Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS && dayOf(message.ts) === dayOf(before.ts);
}

function countNode(count) {
  return element("div", "thread-count", `${count} ${count === 1 ? "reply" : "replies"}`);
}

// A message that has not changed keeps its node, so that menus, focus and selections survive.
export function drawMessages(box, messages, { inThread, empty, pending, known, doing }) {
  // A thread is followed when somebody replies; an answer that grows is read from its beginning.
  const before = box.querySelectorAll("article").length;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const nodes = [];
  const keep = (key, print, make) => {
    const old = known.get(key);
    if (old?.print === print) return old.node;
    const node = make();
    node.classList.toggle("fresh", Boolean(old) || known.has("drawn"));
    known.set(key, { print, node });
    return node;
  };
  messages.forEach((message, n) => {
    const before = messages[n - 1];
    if (!before || dayOf(message.ts) !== dayOf(before.ts)) {
      if (!inThread || n) nodes.push(keep(`day/${inThread}/${message.ts}`, dayLabel(momentOf(message.ts)), () => dayNode(message.ts)));
    }
    const more = n > (inThread ? 1 : 0) && belongsTo(message, before);
    nodes.push(keep(`${inThread}/${message.ts}`, JSON.stringify([message, more]), () => messageNode(message, inThread, more, doing)));
    if (inThread && !n && messages.length > 1) nodes.push(keep("count", String(messages.length), () => countNode(messages.length - 1)));
  });
  nodes.push(...pending.map((one) => keep(`pending/${one.id}`, `${one.error}`, () => pendingNode(one, doing))));
  const wanted = nodes.length ? nodes : [empty].filter(Boolean);
  const focused = box.contains(document.activeElement) ? document.activeElement.closest("article")?.dataset.ts : null;
  if (wanted.length !== box.childNodes.length || wanted.some((node, n) => box.childNodes[n] !== node)) place(box, wanted);
  // Whoever reads a message that is edited goes on from there by keyboard.
  if (focused && document.activeElement === document.body) {
    box.querySelector(`[data-ts="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  const grown = box.querySelectorAll("article").length > before;
  if (atEnd && (!inThread || (grown && messages.length > 2))) box.scrollTop = box.scrollHeight;
}

// Moves only what must move: a node that is taken out loses its focus.
function place(box, wanted) {
  const stays = new Set(wanted);
  for (const node of [...box.childNodes]) if (!stays.has(node)) node.remove();
  wanted.forEach((node, n) => {
    if (box.childNodes[n] !== node) box.insertBefore(node, box.childNodes[n] ?? null);
  });
}
