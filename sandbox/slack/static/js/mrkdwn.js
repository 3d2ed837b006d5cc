// Slack's mrkdwn as DOM nodes.

import { element, safeLink } from "./dom.js";
import { emojis } from "./emoji.js";
import { formatDate, momentOf, clock, dayLabel } from "./time.js";

const SEQUENCE = /<([^<>\n]+)>/;
const MARKS = [["*", "strong"], ["_", "em"], ["~", "del"]];

function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

export function plain(text) {
  return document.createTextNode(emojis(text));
}

function dateNode(body, fallback) {
  const [, seconds, form, url] = body.split("^");
  const time = element("time", "date", formatDate(Number(seconds), form ?? ""));
  const moment = momentOf(seconds);
  time.title = `${dayLabel(moment)} at ${clock(moment)} (${unescape(fallback)})`;
  time.dateTime = moment.toISOString();
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
