// Block Kit, attachments and files as DOM nodes.

import { inputRow, interactive, textOf } from "./elements.js";
import { element, mrkdwn, plain, safeLink } from "./mrkdwn.js";

function rich(node, names) {
  const children = (node.elements ?? []).map((child) => rich(child, names));
  if (node.type === "link") return safeLink(node.url ?? "", node.text ?? node.url ?? "");
  if (node.type === "user") return element("span", "mention", `@${names[node.user_id] ?? node.user_id}`);
  if (node.type === "broadcast") return element("span", "mention loud", `@${node.range}`);
  if (node.type === "emoji") return plain(`:${node.name}:`);
  if (node.type === "rich_text_list") return element("ul", "", ...children.map((child) => element("li", "", child)));
  if (node.type === "rich_text_preformatted") return element("pre", "", ...children);
  if (node.type === "rich_text_quote") return element("blockquote", "", ...children);
  if (node.elements) return element("div", "", ...children);
  const style = node.style ?? {};
  let shown = plain(node.text ?? "");
  for (const [key, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "del"]]) {
    if (style[key]) shown = element(tag, "", shown);
  }
  return shown;
}

function table(block, names) {
  const cell = (value) => element("td", "", value.elements ? rich(value, names) : plain(String(value.text ?? "")));
  return element("table", "", ...(block.rows ?? []).map((row) => element("tr", "", ...row.map(cell))));
}

const RENDER = {
  section: (block, context) => element(
    "div",
    "section",
    element(
      "div",
      "section-body",
      textOf(block.text, context.names),
      block.fields ? element("div", "fields", ...block.fields.map((f) => element("div", "field", textOf(f, context.names)))) : null,
    ),
    interactive(block.accessory, block, context),
  ),
  header: (block, context) => element("h3", "header", textOf(block.text, context.names)),
  divider: () => element("hr", "divider"),
  context: (block, context) => element(
    "div",
    "context",
    ...(block.elements ?? []).filter((e) => e.type !== "image").map((e) => textOf(e, context.names)),
  ),
  actions: (block, context) => element("div", "actions", ...(block.elements ?? []).map((e) => interactive(e, block, context))),
  input: inputRow,
  rich_text: (block, context) => rich(block, context.names),
  markdown: (block, context) => mrkdwn(block.text ?? "", context.names),
  table: (block, context) => table(block, context.names),
  image: (block) => element("span", "image-note", block.alt_text ?? ""),
};

export function renderBlocks(blocks, context) {
  return element("div", "blocks", ...blocks.map((block) => {
    const node = RENDER[block.type]?.(block, context) ?? null;
    if (node?.dataset) node.dataset.block = block.block_id ?? "";
    return node;
  }));
}

const COLOURS = { good: "#2fa36b", warning: "#d9a21b", danger: "#c4314b" };

function colourOf(attachment) {
  const given = String(attachment.color ?? "");
  return COLOURS[given] ?? (/^#?[0-9a-f]{6}$/i.test(given) ? `#${given.replace("#", "")}` : "");
}

export function renderAttachment(attachment, context) {
  const names = context.names;
  const node = element("div", "attachment");
  node.style.borderLeftColor = colourOf(attachment);
  if (attachment.pretext) node.append(mrkdwn(attachment.pretext, names));
  if (attachment.author_name) node.append(element("div", "attachment-author", attachment.author_name));
  if (attachment.title) node.append(element("strong", "", safeLink(attachment.title_link ?? "", attachment.title)));
  if (attachment.text) node.append(mrkdwn(attachment.text, names));
  for (const field of attachment.fields ?? []) {
    node.append(element("div", "field", element("strong", "", field.title ?? ""), mrkdwn(String(field.value ?? ""), names)));
  }
  if (attachment.blocks) node.append(renderBlocks(attachment.blocks, context));
  if (!node.childNodes.length && attachment.fallback) node.append(plain(attachment.fallback));
  if (attachment.footer) node.append(element("div", "attachment-footer", mrkdwn(attachment.footer, names)));
  return node;
}

export function renderFile(file) {
  if (!file.email) return element("div", "file", file.title);
  return element(
    "div",
    "file email",
    element("strong", "", file.title),
    element("div", "email-from", file.from ? `From ${file.from}` : "Email"),
    element("div", "email-text", file.text),
  );
}
