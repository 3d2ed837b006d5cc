// Slack's mrkdwn as DOM nodes. Text from outside only ever becomes text nodes, never markup.

const EMOJI = {
  warning: "⚠️", mag: "🔍", white_check_mark: "✅", x: "❌", eyes: "👀", hourglass_flowing_sand: "⏳",
  hourglass: "⌛", round_pushpin: "📍", bug: "🐞", movie_camera: "🎥", clapper: "🎬", red_circle: "🔴", large_green_circle: "🟢",
  large_yellow_circle: "🟡", rotating_light: "🚨", wave: "👋", lock: "🔒", file_folder: "📁", bulb: "💡",
  information_source: "ℹ️", arrow_right: "➡️", tv: "📺", iphone: "📱", computer: "💻", clock3: "🕒",
};
const SEQUENCE = /<([^<>\n]+)>/;
const MARKS = [["*", "strong"], ["_", "em"], ["~", "del"]];

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

function emojis(text) {
  return text.replace(/:([a-z0-9_]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

export function plain(text) {
  return document.createTextNode(emojis(text));
}

export function safeLink(url, label, className = "link") {
  const shown = document.createTextNode(label);
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return shown;
  const link = element("a", className, shown);
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

const pad = (number) => String(number).padStart(2, "0");

function daysAgo(moment, now) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(now) - midnight(moment)) / 86400000);
}

function ago(moment, now) {
  const minutes = Math.round((now - moment) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${hours} hour${hours === 1 ? "" : "s"} ago`;
  const days = Math.round(hours / 24);
  return `${days} day${days === 1 ? "" : "s"} ago`;
}

export function formatDate(seconds, form) {
  const moment = new Date(seconds * 1000);
  const now = new Date();
  const local = (options) => moment.toLocaleDateString(undefined, options);
  const near = { 0: "Today", 1: "Yesterday", "-1": "Tomorrow" }[daysAgo(moment, now)];
  const parts = {
    date_num: () => `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`,
    date_slash: () => local({ year: "numeric", month: "2-digit", day: "2-digit" }),
    date: () => local({ year: "numeric", month: "long", day: "numeric" }),
    date_short: () => local({ year: "numeric", month: "short", day: "numeric" }),
    date_long: () => local({ weekday: "long", year: "numeric", month: "long", day: "numeric" }),
    time: () => moment.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }),
    time_secs: () => moment.toLocaleTimeString(),
    ago: () => ago(moment, now),
  };
  return form.replace(/\{([a-z_]+)\}/g, (whole, name) => {
    const pretty = name.endsWith("_pretty");
    const base = name.replace("_pretty", "").replace("date_long_full", "date_long");
    if (pretty && near) return near;
    return parts[base] ? parts[base]() : whole;
  });
}

function dateNode(body, fallback) {
  const [, seconds, form, url] = body.split("^");
  const time = element("time", "date", formatDate(Number(seconds), form ?? ""));
  time.title = unescape(fallback);
  if (!url) return time;
  const link = safeLink(url, "");
  link.append(time);
  return link;
}

function sequenceNode(sequence, names) {
  const at = sequence.indexOf("|");
  const body = at < 0 ? sequence : sequence.slice(0, at);
  const label = at < 0 ? "" : sequence.slice(at + 1);
  if (body.startsWith("!date^")) return dateNode(body, label);
  if (body.startsWith("!subteam^")) return element("span", "mention", label || "@group");
  if (body.startsWith("!")) return element("span", "mention loud", `@${body.slice(1)}`);
  if (body.startsWith("@")) return element("span", "mention", `@${names[body.slice(1)] ?? (label || body.slice(1))}`);
  if (body.startsWith("#")) return element("span", "mention", `#${names[body.slice(1)] ?? (label || body.slice(1))}`);
  const url = unescape(body);
  const shown = emojis(unescape(label || url.replace(/^mailto:/, "")));
  const bold = /^\*([^*]+)\*$/.exec(shown);
  return bold ? element("strong", "", safeLink(url, bold[1])) : safeLink(url, shown);
}

function marked(text, names, into) {
  // Bold, italic and struck text open after a space or punctuation and close before one.
  for (const [mark, tag] of MARKS) {
    const m = `\\${mark}`;
    const found = new RegExp(`(^|[\\s(>·—.,:;"'*_~-])${m}(?=\\S)([^\\n]*?\\S)${m}(?=$|[\\s).,:;!?"'*_~·—-])`).exec(text);
    if (!found) continue;
    const start = found.index + found[1].length;
    marked(text.slice(0, start), names, into);
    const inner = element(tag);
    marked(found[2], names, inner);
    into.append(inner);
    marked(text.slice(start + found[2].length + 2), names, into);
    return;
  }
  let rest = text;
  for (let match = SEQUENCE.exec(rest); match; match = SEQUENCE.exec(rest)) {
    into.append(emojis(unescape(rest.slice(0, match.index))), sequenceNode(match[1], names));
    rest = rest.slice(match.index + match[0].length);
  }
  into.append(emojis(unescape(rest)));
}

function spans(text, names, into) {
  // Marks inside <…> are not marks: hide them behind private characters while looking for marks.
  const kept = [];
  const hidden = text.replace(/<[^<>\n]+>|`[^`\n]+`/g, (whole) => {
    kept.push(whole);
    return String.fromCharCode(0xe000 + kept.length - 1);
  });
  const holder = element("span");
  marked(hidden, names, holder);
  reveal(holder, kept, names);
  into.append(...holder.childNodes);
}

function reveal(node, kept, names) {
  for (const child of [...node.childNodes]) {
    if (child.nodeType !== Node.TEXT_NODE) {
      reveal(child, kept, names);
      continue;
    }
    const parts = child.data.split(/([\ue000-\uf8ff])/).filter(Boolean);
    child.replaceWith(...parts.map((part) => {
      const whole = kept[part.charCodeAt(0) - 0xe000];
      if (part.length !== 1 || whole === undefined) return document.createTextNode(part);
      if (whole.startsWith("`")) return element("code", "", unescape(whole.slice(1, -1)));
      return sequenceNode(whole.slice(1, -1), names);
    }));
  }
}

export function mrkdwn(text, names) {
  const root = element("div", "mrkdwn");
  text.split(/```\n?([\s\S]*?)```/).forEach((piece, n) => {
    if (n % 2) {
      root.append(element("pre", "", unescape(piece)));
      return;
    }
    piece.split("\n").forEach((line, at) => {
      if (at) root.append(element("br"));
      const quote = /^&gt; ?(.*)$/.exec(line);
      const into = quote ? element("blockquote") : root;
      spans(quote ? quote[1] : line, names, into);
      if (quote) root.append(into);
    });
  });
  return root;
}
