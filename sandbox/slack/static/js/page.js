// The page: fetches what one person sees, draws it, sends what they do, and follows changes live.

import { drawBar, drawChannels, drawPeople, isDirect } from "./channels.js";
import { drawComposer, write } from "./composer.js";
import { button, byId, element, redraw } from "./dom.js";
import { drawDrawers } from "./drawers.js";
import { drawHome, drawTabs } from "./home.js";
import { icon } from "./icons.js";
import { listen } from "./keyboard.js";
import { drawMessages } from "./messages.js";
import { drawModal } from "./modal.js";
import { pendingIn, sendTyped } from "./sending.js";
import { server } from "./server.js";
import { drawTour } from "./tour.js";
import { unreadOf } from "./unread.js";
import { welcome } from "./welcome.js";
import { drawPane } from "./work_object.js";

const place = new URLSearchParams(location.hash.slice(1));
const here = { user: "", channel: "", thread: "", tab: "", ...Object.fromEntries(place) };
const NOTHING = { customers: [], addresses: [], desks: [], pushes: [], vendors: [], meters: [], controls: [], steps: [] };
let view = null;
let panel = NOTHING;
let pane = "conversation";
let known = new Map();
let shownThread = "";
let shownChannel = "";
let drawersOpen = true;
let tourAt = -1;
let threadIsNew = false;
let waiting = () => {};

const command = () => view?.commands[0]?.name ?? "/sessions";

let quiet;
function notify(words) {
  const notice = byId("notice");
  notice.textContent = words;
  notice.hidden = !words;
  clearTimeout(quiet);
  if (words) quiet = setTimeout(() => notify(""), 6000);
}

async function send(act, body) {
  const answer = await server.post(act, { user: view.me.id, channel: view.channel.id, ...body });
  notify(answer.error ? `That did not work: ${answer.error}` : "");
  return answer.error ? null : answer;
}

async function suggest(body) {
  return (await send("suggest", body))?.options ?? [];
}

function show(name) {
  pane = name;
  if (name === "thread") threadIsNew = false;
  document.body.dataset.pane = name;
  drawPanes();
}

function go(change) {
  const from = here.channel;
  Object.assign(here, change);
  history.replaceState(null, "", `#${new URLSearchParams(here)}`);
  if ("user" in change || here.channel !== from) known = new Map();
  return refresh();
}

function openThread(ts) {
  show("thread");
  return go({ thread: ts });
}

function closeThread() {
  const composer = byId("composer").querySelector("textarea");
  const message = byId("messages").querySelector(`[data-ts="${CSS.escape(here.thread)}"]`);
  show("conversation");
  // At once: when all is drawn, its reader may be somewhere else. Whoever has begun a message goes on with it.
  if (document.activeElement !== composer || !composer.value) message?.focus();
  go({ thread: "" });
}

function openChannel(channel) {
  show("conversation");
  const tab = channel.app ? "home" : "";
  if (tab) server.post("home", { user: view.me.id, channel: channel.id, tab });
  go({ channel: channel.id, thread: "", tab });
}

function chooseTab(tab) {
  server.post("home", { user: view.me.id, channel: view.channel.id, tab });
  go({ tab, thread: "" });
}

const doing = {
  get bot() { return view.bot; },
  get app() { return view.names[view.bot] ?? "Casefile"; },
  get me() { return view.me; },
  get shortcuts() { return view.can_shortcut ? view.shortcuts : []; },
  open: openThread,
  openPane: (message, url) => send("open-pane", { ts: message.ts, url }),
  shortcut: (message, one) => send("shortcut", { ts: message.ts, id: one.id }),
  contextOf: (message) => ({
    names: { ...view.names, ...view.places },
    choices,
    suggest: (spec, block, typed) => suggest({ ts: message.ts, action_id: spec.action_id ?? "", block_id: block.block_id, typed }),
    act: (spec, block, option) => send("press", { ts: message.ts, action_id: spec.action_id ?? "", block_id: block.block_id, option }),
  }),
};

// What people and channel menus offer.
function choices(kind) {
  if (kind === "users") return view.people.map((one) => ({ label: one.name, value: one.id }));
  const some = view.channels.filter((one) => !one.archived && (kind !== "channels" || one.kind === "public") && !isDirect(one));
  return some.map((one) => ({ label: `#${one.title}`, value: one.id }));
}

function say(text, thread = "") {
  const { id: channel } = view.channel;
  const user = view.me.id;
  const deliver = async () => {
    const { error } = await server.post("type", { user, channel, text, thread });
    await refresh();
    return error;
  };
  return sendTyped({ user, channel, thread, text, deliver, changed: draw });
}

function fill(text) {
  if (here.tab) chooseTab("messages");
  show("conversation");
  const field = byId("composer").querySelector("textarea");
  write(field, text);
  field.focus();
}

async function post(name) {
  show("conversation");
  const posted = await send("ticket", { name });
  if (posted && posted.channel !== view.channel.id) await go({ channel: posted.channel, thread: "", tab: "" });
}

async function reset() {
  notify("Everything starts anew…");
  await server.post("control", { do: "reset" });
}

function move(step) {
  tourAt = step;
  if (step >= 0) show("conversation");
  drawTour(byId("tour"), tourAt, tourPage, move);
}

const tourPage = {
  command,
  controls: () => panel.controls,
  say: async (text) => {
    if (view.channel.archived || here.tab || isDirect(view.channel)) await go({ channel: view.desk, thread: "", tab: "" });
    await say(text);
  },
  ticket: () => post(panel.desks[0]?.tickets[0]?.name),
  paste: () => tourPage.say(panel.addresses[0]?.subject ?? ""),
  vendor: (name, option) => server.post("vendor", { name, option }),
  control: (what) => server.post("control", { do: what }),
  told: notify,
  latest: () => view.messages.at(-1)?.ts ?? "",
  answeredSince: (ts) => new Promise((resolve) => {
    waiting = () => view.messages.some((one) => one.ts > ts && one.answered) && resolve();
    waiting();
  }),
};

function drawBeside() {
  drawDrawers(panel, { command, fill, post, send, reset, tour: () => move(0) });
}

function drawComposers() {
  const where = isDirect(view.channel) ? view.channel.title : `#${view.channel.title}`;
  const people = [...view.people.filter((one) => one.id !== view.me.id), { name: doing.app, role: "App" }];
  const knownNow = () => ({ commands: view.commands, customers: panel.customers, people });
  const spot = `${view.me.id}/${view.channel.id}`;
  const main = { label: "Message", wanted: `Message ${where}`, place: spot, known: knownNow };
  const below = { label: "Reply", wanted: "Reply…", place: `${spot}/${here.thread}`, known: knownNow };
  drawComposer(byId("composer"), view.channel, { ...main, say: (text) => say(text) });
  if (view.thread) drawComposer(byId("thread-composer"), view.channel, { ...below, say: (text) => say(text, here.thread) });
}

function drawThread() {
  const box = byId("thread-messages");
  byId("thread").hidden = !view.thread;
  document.body.classList.toggle("threaded", Boolean(view.thread));
  if (view.thread) {
    byId("thread-place").textContent = isDirect(view.channel) ? view.channel.title : `#${view.channel.title}`;
    if (shownThread !== here.thread) box.replaceChildren();
    drawMessages(box, [view.thread.root, ...view.thread.replies], { inThread: true, empty: null, pending: pendingIn(view.me.id, view.channel.id, here.thread), known, doing });
    // A thread is read from its beginning when it is opened.
    if (shownThread !== here.thread) box.scrollTop = 0;
  } else if (pane === "thread") show("conversation");
  shownThread = view.thread ? here.thread : "";
}

function drawConversation() {
  const box = byId("messages");
  const onHome = Boolean(view.channel.app) && here.tab !== "messages";
  drawTabs(Boolean(view.channel.app), onHome ? "home" : "messages", chooseTab);
  drawHome(view.home, onHome, { names: { ...view.names, ...view.places }, send, choices, suggest });
  box.hidden = onHome;
  byId("composer").hidden = onHome;
  if (onHome) return;
  const empty = welcome(view.channel, command(), panel.customers, fill);
  const pending = pendingIn(view.me.id, view.channel.id, "");
  if (shownChannel !== view.channel.id) box.replaceChildren();
  drawMessages(box, view.messages, { inThread: false, empty, pending, known, doing });
  if (shownChannel !== view.channel.id) box.scrollTop = box.scrollHeight;
  shownChannel = view.channel.id;
}

function drawPanes() {
  if (!view) return;
  const unread = unreadOf(view, pane === "conversation");
  const one = (name, label, picture, off, dot) => {
    const node = button("", [icon(picture), label, dot ? element("span", "dot") : ""], () => show(name));
    node.disabled = off;
    if (pane === name) node.setAttribute("aria-current", "true");
    return node;
  };
  redraw(byId("panes"), [pane, Boolean(view.thread), threadIsNew, [...unread]], () => [
    one("channels", "Channels", "list", false, unread.size > 0),
    one("conversation", "Messages", "chat", false, false),
    one("thread", "Thread", "thread", !view.thread, threadIsNew && Boolean(view.thread)),
    one("drawers", "Try it", "flask", false, false),
  ]);
  drawChannels(view, unread, openChannel);
}

// A button that is drawn anew while somebody holds it down would lose the click: drawing waits until it is let go.
let held = false;
let drawLater = false;
const letGo = () => {
  held = false;
  if (drawLater) setTimeout(draw);
};
addEventListener("pointerdown", (event) => { held = event.button === 0; }, true);
addEventListener("pointerup", letGo, true);
addEventListener("pointercancel", letGo, true);
// A menu of the browser keeps to itself that the button is let go, and so may what is outside the window.
addEventListener("contextmenu", letGo, true);
addEventListener("pointermove", (event) => { if (held && !event.buttons) letGo(); }, true);
// Of the window alone: an element's does not come up to it.
addEventListener("blur", letGo);

function draw() {
  drawLater = held;
  if (held) return;
  document.title = `${view.channel.title} · ${view.team}`;
  byId("team").textContent = view.team;
  document.body.dataset.me = view.me.id;
  document.body.classList.toggle("no-drawers", !drawersOpen);
  drawPanes();
  drawBar(view.channel, { drawersOpen, showDrawers: () => drawersShown(true) });
  drawPeople(view);
  drawConversation();
  drawThread();
  drawComposers();
  drawBeside();
  drawModal(view.modals.at(-1), { names: view.names, send, choices, suggest });
  drawPane(view.pane, {
    context: { names: view.names, act: (spec) => send("press-in-pane", { action_id: spec.action_id }) },
    close: () => send("close-pane", {}),
    refresh: () => send("open-pane", { channel: view.pane.channel, ts: view.pane.ts, url: view.pane.url }),
  });
  known.set("drawn", {});
}

function drawersShown(open) {
  drawersOpen = open;
  if (!open && pane === "drawers") show("conversation");
  draw();
  if (open) show("drawers");
}

// The details of an answer stand in its thread: it opens by itself, and an open one gives way to it.
function followAnswer(before) {
  if (!before || before.channel.id !== view.channel.id || before.me.id !== view.me.id) return;
  const had = new Map(before.messages.map((message) => [message.ts, message.answered]));
  const answered = view.messages.findLast((message) => message.answered && !had.get(message.ts));
  const writing = byId("thread-composer").querySelector("textarea")?.value;
  if (!answered || answered.ts === here.thread || writing) return;
  // On a phone the thread is one tap away: nobody is taken from what they read.
  threadIsNew = true;
  go({ thread: answered.ts });
}

let fetching = null;
let again = false;
async function refresh() {
  again = true;
  fetching ??= (async () => {
    try {
      while (again) {
        again = false;
        const before = view;
        view = await server.view(here);
        if (before && before.born !== view.born) return location.reload();
        draw();
        followAnswer(before);
        waiting();
      }
      return null;
    } finally {
      fetching = null;
    }
  })();
  return fetching;
}

async function refreshPanel() {
  panel = { ...NOTHING, ...(await server.panel()) };
  if (view) drawBeside();
}

byId("close-thread").onclick = closeThread;
byId("close-drawers").onclick = () => drawersShown(false);
byId("me").onchange = (event) => {
  event.target.blur();
  show("conversation");
  go({ user: event.target.value, thread: "" });
};
const tourBox = element("section", "tour");
tourBox.id = "tour";
tourBox.hidden = true;
tourBox.setAttribute("aria-label", "Guided tour");
byId("composer").before(tourBox);
listen({
  escape: () => (here.thread && pane !== "drawers" ? closeThread() : show("conversation")),
  open: (node) => openThread(node.dataset.ts),
  channel: (by) => {
    const at = view.channels.findIndex((one) => one.id === view.channel.id);
    openChannel(view.channels[(at + by + view.channels.length) % view.channels.length]);
  },
  field: () => (here.tab === "home" ? null : byId("composer").querySelector("textarea")),
});

await refreshPanel();
await refresh();
// Counts of calls change without anything happening in Slack.
setInterval(() => refreshPanel().catch(() => {}), 2000);
server.follow({
  changed: () => refresh().catch(() => {}),
  lost: () => notify("The sandbox has stopped. Waiting for it to come back…"),
  back: () => notify(""),
});
