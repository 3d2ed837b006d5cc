// The page: fetches what one person sees, draws it, sends what they do, and follows changes live.

import { renderAttachment, renderBlocks, renderFile } from "./blocks.js";
import { drawComposer } from "./composer.js";
import { icon } from "./icons.js";
import { drawModal } from "./modal.js";
import { element, mrkdwn, plain } from "./mrkdwn.js";
import { drawPanel } from "./panel.js";
import { welcome } from "./welcome.js";

const place = new URLSearchParams(location.hash.slice(1));
const here = { user: place.get("user") ?? "", channel: place.get("channel") ?? "", thread: place.get("thread") ?? "" };
const byId = (id) => document.getElementById(id);
let view = null;
let panel = { customers: [], addresses: [], tickets: [], pushes: [], vendors: [] };
let known = new Map();
let shownThread = "";

async function send(act, body) {
  const response = await fetch(`/page/${act}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: view.me.id, channel: view.channel.id, ...body }),
  });
  const answer = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
  notify(response.ok ? "" : `That did not work: ${answer.error}`);
  return response.ok ? answer : null;
}

let quiet;
function notify(words) {
  const notice = byId("notice");
  notice.textContent = words;
  notice.hidden = !words;
  clearTimeout(quiet);
  if (words) quiet = setTimeout(() => notify(""), 6000);
}

function go(change) {
  Object.assign(here, change);
  location.replace(`#${new URLSearchParams(here)}`);
  known = new Map();
  refresh();
}

function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

function avatar(message) {
  const name = message.author;
  const node = element("div", message.user === view.bot ? "avatar casefile" : "avatar");
  node.append(message.user === view.bot ? icon("folder") : name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase());
  let hue = 0;
  for (const letter of String(message.user)) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  if (message.user !== view.bot) node.style.backgroundColor = `hsl(${hue} 42% 46%)`;
  return node;
}

function shortcuts(message) {
  if (message.only_you || !view.can_shortcut || !view.shortcuts.length) return null;
  const node = element("div", "shortcuts");
  for (const shortcut of view.shortcuts) {
    const button = element("button", "button small", shortcut.name);
    button.onclick = () => send("shortcut", { ts: message.ts, id: shortcut.id });
    node.append(button);
  }
  return node;
}

function threadLink(message) {
  const words = `${message.replies} ${message.replies === 1 ? "reply" : "replies"}`;
  const node = element("button", "thread-link", element("strong", "", words), element("span", "", ` last ${clock(message.last_reply)} · View thread`));
  node.onclick = () => go({ thread: message.ts });
  return node;
}

function messageNode(message, inThread) {
  const context = {
    names: { ...view.names, ...view.places },
    act: (spec, block, option) => send("press", {
      ts: message.ts, action_id: spec.action_id ?? "", block_id: block.block_id, option,
    }),
  };
  const time = element("time", "", clock(message.ts));
  time.title = new Date(Number(message.ts) * 1000).toLocaleString();
  const head = element(
    "div",
    "head",
    element("strong", "author", message.author),
    message.is_app ? element("span", "badge", "APP") : null,
    time,
  );
  const body = message.blocks.length ? renderBlocks(message.blocks, context) : mrkdwn(message.text, context.names);
  const node = element(
    "article",
    message.only_you ? "message only-you" : "message",
    message.only_you ? element("div", "only-you-note", icon("eye"), "Only visible to you") : null,
    avatar(message),
    element(
      "div",
      "said",
      head,
      body,
      ...message.attachments.map((one) => renderAttachment(one, context)),
      ...message.files.map(renderFile),
      message.edited ? element("span", "edited", "(edited)") : null,
      ...message.reactions.map((name) => element("span", "reaction", plain(`:${name}:`))),
      !inThread && message.replies ? threadLink(message) : null,
    ),
    message.only_you ? null : hoverTools(message, inThread),
  );
  return node;
}

function hoverTools(message, inThread) {
  const tools = shortcuts(message);
  if (inThread) return tools && element("div", "hover", tools);
  const reply = element("button", "button small", "Reply in thread");
  reply.onclick = () => go({ thread: message.ts });
  return element("div", "hover", tools, reply);
}

// A message that has not changed keeps its nodes, so that menus, focus and selections survive.
function drawMessages(box, messages, inThread, empty) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const nodes = messages.map((message) => {
    const key = `${inThread}/${message.ts}`;
    const print = JSON.stringify(message);
    const old = known.get(key);
    if (old?.print === print) return old.node;
    const node = messageNode(message, inThread);
    node.classList.toggle("fresh", Boolean(old) || known.has("drawn"));
    known.set(key, { print, node });
    return node;
  });
  const wanted = nodes.length ? nodes : [empty].filter(Boolean);
  if (wanted.length !== box.childNodes.length || wanted.some((node, n) => box.childNodes[n] !== node)) box.replaceChildren(...wanted);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

const direct = (channel) => channel.kind.endsWith("direct");

function mark(channel) {
  if (direct(channel)) return "●";
  if (channel.kind === "private") return icon("lock");
  return "#";
}

function drawChannels() {
  const group = (title, channels) => channels.length ? [element("h2", "", title), ...channels.map(channelRow)] : [];
  byId("channels").replaceChildren(
    ...group("Channels", view.channels.filter((channel) => !direct(channel))),
    ...group("Direct messages", view.channels.filter(direct)),
  );
}

function channelRow(channel) {
  const row = element(
    "button",
    channel.id === view.channel.id ? "channel here" : "channel",
    element("span", "mark", mark(channel)),
    element("span", "title", channel.title),
    channel.shared ? element("span", "tag", "shared") : null,
    channel.archived ? element("span", "tag", "archived") : null,
  );
  row.title = channel.about;
  row.onclick = () => go({ channel: channel.id, thread: "" });
  return row;
}

function drawBar() {
  const channel = view.channel;
  const bot = channel.bot_inside ? "Casefile is in here" : "Casefile is not in here";
  byId("channel-bar").replaceChildren(
    element("h1", "", element("span", "mark", mark(channel)), channel.title),
    element("span", "about", channel.about),
    element("span", channel.bot_inside ? "presence in" : "presence", bot),
  );
}

function drawPeople() {
  const select = byId("me");
  if (select === document.activeElement && select.options.length) return;
  select.replaceChildren(...view.people.map((one) => new Option(`${one.name} (${one.role})`, one.id)));
  select.value = view.me.id;
}

function fill(text) {
  const field = byId("composer").querySelector("textarea");
  field.value = text;
  field.dispatchEvent(new Event("input"));
  field.focus();
}

async function post(ticket) {
  const posted = await send("ticket", { name: ticket.name });
  if (posted && posted.channel !== view.channel.id) go({ channel: posted.channel, thread: "" });
}

function drawBeside() {
  drawPanel(panel, { command: view.commands[0] ?? "/sessions", fill, post, push: ({ name }) => send("push", { name }), send });
}

function drawComposers() {
  const command = view.commands[0] ?? "/sessions";
  const type = (thread) => (text) => send("type", { text, thread });
  const where = direct(view.channel) ? view.channel.title : `#${view.channel.title}`;
  const wanted = `Message ${where} or type ${command} …`;
  drawComposer(byId("composer"), view.channel, { label: "Message", wanted, say: type("") });
  drawComposer(byId("thread-composer"), view.channel, { label: "Reply", wanted: "Reply…", say: type(here.thread) });
}

function draw() {
  document.title = `${view.channel.title} · ${view.team}`;
  byId("team").textContent = view.team;
  drawChannels();
  drawBar();
  drawPeople();
  drawMessages(byId("messages"), view.messages, false, welcome(view.channel, view.commands[0] ?? "/sessions", panel.customers, fill));
  byId("thread").hidden = !view.thread;
  document.body.classList.toggle("threaded", Boolean(view.thread));
  if (view.thread) {
    drawMessages(byId("thread-messages"), [view.thread.root, ...view.thread.replies], true, null);
    // A thread is read from its beginning when it is opened.
    if (shownThread !== here.thread) byId("thread-messages").scrollTop = 0;
  }
  shownThread = view.thread ? here.thread : "";
  drawComposers();
  drawBeside();
  drawModal(view.modals.at(-1), view.names, send);
  known.set("drawn", {});
}

// The details of an answer stand in its thread: open it the first time, so that nobody has to guess.
function openFirstThread(before) {
  if (!before || before.channel.id !== view.channel.id || before.me.id !== view.me.id || here.thread) return;
  const had = new Map(before.messages.map((message) => [message.ts, message.answered]));
  const answered = view.messages.findLast((message) => message.answered && !had.get(message.ts));
  if (answered) go({ thread: answered.ts });
}

let fetching = false;
let again = false;
async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const before = view;
    view = await (await fetch(`/page/view?${new URLSearchParams(here)}`)).json();
    draw();
    openFirstThread(before);
  } finally {
    fetching = false;
  }
  if (again) {
    again = false;
    refresh();
  }
}

async function refreshPanel() {
  panel = await (await fetch("/page/panel")).json();
  if (view) drawBeside();
}

byId("close-thread").onclick = () => go({ thread: "" });
byId("me").onchange = (event) => {
  event.target.blur();
  go({ user: event.target.value, thread: "" });
};

await refreshPanel();
await refresh();
// Counts of calls change without anything happening in Slack.
setInterval(() => refreshPanel().catch(() => {}), 2000);
const live = new EventSource("/page/live");
live.onmessage = () => refresh().catch(() => {});
live.onerror = () => notify("The sandbox has stopped. Waiting for it to come back…");
live.onopen = () => notify("");
