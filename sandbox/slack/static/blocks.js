// Block Kit as DOM nodes. `act(element, block, option)` is told of every click.

import { element, mrkdwn, plain, safeLink } from "./mrkdwn.js";

function textOf(object, names) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "", names) : element("span", "", plain(object.text ?? ""));
}

function ask(confirm, names) {
  return new Promise((resolve) => {
    const dialog = element("dialog", "confirm");
    const answer = (said) => { dialog.close(); dialog.remove(); resolve(said); };
    const no = element("button", "button", textOf(confirm.deny, names));
    const yes = element("button", `button solid ${confirm.style ?? "primary"}`, textOf(confirm.confirm, names));
    no.onclick = () => answer(false);
    yes.onclick = () => answer(true);
    dialog.oncancel = () => answer(false);
    dialog.append(
      element("h2", "", textOf(confirm.title, names)),
      element("div", "confirm-text", textOf(confirm.text, names)),
      element("div", "confirm-buttons", no, yes),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

function button(spec, block, context) {
  const node = element("button", `button ${spec.style ?? ""}`, textOf(spec.text, context.names));
  node.type = "button";
  if (spec.url) node.append(element("span", "outward", "↗"));
  node.onclick = async () => {
    if (spec.confirm && !(await ask(spec.confirm, context.names))) return;
    if (spec.url && /^https?:/i.test(spec.url)) window.open(spec.url, "_blank", "noopener,noreferrer");
    node.classList.add("busy");
    await context.act(spec, block, null);
    node.classList.remove("busy");
  };
  return node;
}

function menu(spec, block, context) {
  const node = element("select", "menu");
  const first = spec.placeholder?.text ?? (spec.type === "overflow" ? "⋯" : "Choose…");
  node.append(new Option(first, ""));
  for (const option of spec.options ?? []) node.append(new Option(option.text?.text ?? "", option.value));
  node.onchange = async () => {
    const chosen = node.value;
    node.value = "";
    if (chosen && !(spec.confirm && !(await ask(spec.confirm, context.names)))) await context.act(spec, block, chosen);
  };
  return node;
}

function input(spec) {
  const node = element(spec.multiline ? "textarea" : "input", "input");
  node.dataset.action = spec.action_id ?? "";
  node.value = spec.initial_value ?? "";
  node.placeholder = spec.placeholder?.text ?? "";
  return node;
}

function interactive(spec, block, context) {
  if (!spec) return null;
  if (spec.type === "button") return button(spec, block, context);
  if (spec.type === "image") return element("span", "image-note", spec.alt_text ?? "");
  if (spec.options) return menu(spec, block, context);
  return input(spec);
}

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
  input: (block, context) => {
    const row = element("label", "input-row", element("span", "", textOf(block.label, context.names)), interactive(block.element, block, context));
    row.dataset.block = block.block_id ?? "";
    return row;
  },
  rich_text: (block, context) => rich(block, context.names),
  markdown: (block, context) => mrkdwn(block.text ?? "", context.names),
  table: (block, context) => table(block, context.names),
  image: (block) => element("span", "image-note", block.alt_text ?? ""),
};

export function renderBlocks(blocks, context) {
  return element("div", "blocks", ...blocks.map((block) => RENDER[block.type]?.(block, context) ?? null));
}

export function renderAttachment(attachment, context) {
  const names = context.names;
  const node = element("div", "attachment");
  if (attachment.pretext) node.append(mrkdwn(attachment.pretext, names));
  if (attachment.author_name) node.append(element("div", "attachment-author", attachment.author_name));
  if (attachment.title) node.append(element("strong", "", safeLink(attachment.title_link ?? "", attachment.title)));
  if (attachment.text) node.append(mrkdwn(attachment.text, names));
  for (const field of attachment.fields ?? []) {
    node.append(element("div", "field", element("strong", "", field.title ?? ""), mrkdwn(String(field.value ?? ""), names)));
  }
  if (attachment.blocks) node.append(renderBlocks(attachment.blocks, context));
  if (!node.childNodes.length && attachment.fallback) node.append(plain(attachment.fallback));
  if (attachment.footer) node.append(element("div", "attachment-footer", attachment.footer));
  return node;
}
