// Rich text blocks and tables as DOM nodes.

import { element, safeLink } from "./dom.js";
import { emojis } from "./emoji.js";
import { plain } from "./mrkdwn.js";
import { formatDate } from "./time.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "del"], ["underline", "u"]];

function styled(node, style) {
  return STYLES.reduce((shown, [key, tag]) => (style?.[key] ? element(tag, "", shown) : shown), node);
}

function list(node, names) {
  const tag = node.style === "ordered" ? "ol" : "ul";
  const made = element(tag, "", ...(node.elements ?? []).map((one) => element("li", "", richText(one, names))));
  if (tag === "ol" && node.offset) made.start = node.offset + 1;
  if (node.indent) made.style.marginLeft = `${node.indent * 26}px`;
  return made;
}

const INLINE = {
  text: (node) => plain(node.text ?? ""),
  link: (node) => safeLink(node.url ?? "", node.text ?? node.url ?? ""),
  user: (node, names) => element("span", "mention", `@${names[node.user_id] ?? node.user_id}`),
  channel: (node, names) => element("span", "mention", `#${names[node.channel_id] ?? node.channel_id}`),
  usergroup: () => element("span", "mention", "@group"),
  broadcast: (node) => element("span", "mention loud", `@${node.range}`),
  emoji: (node) => document.createTextNode(emojis(`:${node.name}:`)),
  date: (node) => element("time", "date", formatDate(Number(node.timestamp), node.format ?? "{date_short}")),
  color: (node) => element("code", "", node.value ?? ""),
};

export function richText(node, names) {
  if (INLINE[node.type]) return styled(INLINE[node.type](node, names), node.style);
  if (node.type === "rich_text_list") return list(node, names);
  const children = (node.elements ?? []).map((child) => richText(child, names));
  if (node.type === "rich_text_preformatted") return element("pre", "", ...children);
  if (node.type === "rich_text_quote") return element("blockquote", "", ...children);
  if (node.type === "rich_text") return element("div", "rich", ...children);
  return element("div", "", ...children);
}

export function table(block, names) {
  const cell = (value) => element("td", "", value?.elements ? richText(value, names) : plain(String(value?.text ?? "")));
  const made = element("table", "", ...(block.rows ?? []).map((row) => element("tr", "", ...row.map(cell))));
  const box = element("div", "table-box", made);
  box.tabIndex = 0;
  return box;
}
