// Block Kit, attachments, cards and files as DOM nodes.

import { button, element, safeLink } from "./dom.js";
import { inputRow, interactive, picture, textOf } from "./elements.js";
import { icon } from "./icons.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { richText, table } from "./rich_text.js";

// Slack folds a section's text that is longer than this, unless the block says `expand`.
const FOLDED_AFTER = 700;

function sectionText(block, context) {
  const node = textOf(block.text, context.names);
  if (!node || block.expand || (block.text.text ?? "").length <= FOLDED_AFTER) return node;
  const cut = { ...block.text, text: `${block.text.text.slice(0, FOLDED_AFTER).replace(/<[^>]*$/, "")}…` };
  const box = element("div", "", textOf(cut, context.names));
  box.append(button("fold", "See more", () => box.replaceChildren(node)));
  return box;
}

function section(block, context) {
  const fields = (block.fields ?? []).map((one) => element("div", "field", textOf(one, context.names)));
  return element(
    "div",
    "section",
    element("div", "section-body", sectionText(block, context), fields.length ? element("div", "fields", ...fields) : null),
    interactive(block.accessory, block, context),
  );
}

function contextRow(block, context) {
  const parts = (block.elements ?? []).map((one) => (one.type === "image" ? picture(one) : textOf(one, context.names)));
  return element("div", "context", ...parts);
}

function imageBlock(block, context) {
  const caption = block.title ? element("figcaption", "", textOf(block.title, context.names)) : null;
  return element("figure", "picture", caption, picture(block, ""));
}

const RENDER = {
  section,
  header: (block, context) => element("h3", "header", textOf(block.text, context.names)),
  divider: () => element("hr", "divider"),
  context: contextRow,
  actions: (block, context) => element("div", "actions", ...(block.elements ?? []).map((one) => interactive(one, block, context))),
  input: inputRow,
  rich_text: (block, context) => richText(block, context.names),
  markdown: (block, context) => mrkdwn((block.text ?? "").replace(/\*\*(.+?)\*\*/g, "*$1*"), context.names),
  table: (block, context) => table(block, context.names),
  image: imageBlock,
  video: (block, context) => element("div", "", element("strong", "", safeLink(block.title_url ?? "", block.title?.text ?? "")), textOf(block.description, context.names)),
};

export function renderBlocks(blocks, context) {
  return element("div", "blocks", ...blocks.map((block) => {
    const node = RENDER[block.type]?.(block, context) ?? element("div", "unknown", `This page cannot show a block of type ${block.type}`);
    node.dataset.block = block.block_id ?? "";
    return node;
  }));
}

const COLOURS = { good: "#2eb67d", warning: "#daa038", danger: "#a30200" };

function colourOf(attachment) {
  const given = String(attachment.color ?? "");
  return COLOURS[given] ?? (/^#?[0-9a-f]{6}$/i.test(given) ? `#${given.replace("#", "")}` : "");
}

function fieldsOf(attachment, names) {
  if (!attachment.fields?.length) return null;
  return element("div", "attachment-fields", ...attachment.fields.map((one) => element(
    "div",
    one.short ? "" : "long",
    element("strong", "", plain(one.title ?? "")),
    mrkdwn(String(one.value ?? ""), names),
  )));
}

// `by` is the name of the app that added it as the card of a pasted link.
export function renderAttachment(attachment, context, by = "") {
  const names = context.names;
  const node = element("div", by ? "attachment card" : "attachment");
  const colour = colourOf(attachment);
  if (colour) node.style.setProperty("--bar", colour);
  if (attachment.author_name) node.append(element("div", "attachment-author", attachment.author_name));
  if (attachment.title) node.append(element("strong", "", safeLink(attachment.title_link ?? "", attachment.title)));
  if (attachment.text) node.append(mrkdwn(attachment.text, names));
  node.append(...[fieldsOf(attachment, names)].filter(Boolean));
  if (attachment.blocks) node.append(renderBlocks(attachment.blocks, context));
  if (!node.childNodes.length && attachment.fallback) node.append(plain(attachment.fallback));
  if (attachment.footer) node.append(element("div", "attachment-footer", mrkdwn(attachment.footer, names)));
  if (by) {
    const mark = element("span", "avatar casefile", icon("folder"));
    mark.setAttribute("aria-hidden", "true");
    node.append(element("div", "card-by", mark, `Added by ${by}`));
  }
  return attachment.pretext ? element("div", "", mrkdwn(attachment.pretext, names), node) : node;
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
