// What stands inside blocks and can be used: buttons, menus, choices and fields.
//
// A field holds `data-action` and gives what is in it by `readValue()`, takes it by `writeValue()`.
// `context.act(element, block, option)` is told of whatever acts at once.

import { element, mrkdwn, plain } from "./mrkdwn.js";

export function textOf(object, names) {
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

async function act(spec, block, context, option) {
  if (spec.confirm && !(await ask(spec.confirm, context.names))) return;
  await context.act(spec, block, option);
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

const optionsOf = (spec) => [spec, ...(spec.option_groups ?? [])].flatMap((group) => group.options ?? []);

function menu(spec, block, context, acts) {
  const node = element("select", "menu");
  const first = spec.placeholder?.text ?? (spec.type === "overflow" ? "⋯" : "Choose…");
  node.append(new Option(first, ""), ...optionsOf(spec).map((one) => new Option(one.text?.text ?? "", one.value)));
  node.value = spec.initial_option?.value ?? "";
  node.onchange = async () => {
    const chosen = node.value;
    if (!acts || !chosen) return;
    if (!context.keeps) node.value = "";
    await act(spec, block, context, chosen);
  };
  return field(node, spec, () => node.value || null, (value) => { node.value = value ?? ""; });
}

let groups = 0;

function choices(spec, block, context, acts) {
  const several = spec.type === "checkboxes";
  const chosen = new Set([spec.initial_option, ...(spec.initial_options ?? [])].map((one) => one?.value));
  const node = element("div", "choices");
  const name = `choices-${groups += 1}`;
  node.setAttribute("role", several ? "group" : "radiogroup");
  for (const option of optionsOf(spec)) {
    const box = element("input");
    Object.assign(box, { type: several ? "checkbox" : "radio", name, value: option.value, checked: chosen.has(option.value) });
    box.onchange = () => acts && act(spec, block, context, option.value);
    const about = option.description ? element("span", "hint", textOf(option.description, context.names)) : null;
    node.append(element("label", "choice", box, element("span", "", textOf(option.text, context.names), about)));
  }
  const boxes = () => [...node.querySelectorAll("input")];
  const picked = () => boxes().filter((box) => box.checked).map((box) => box.value);
  const write = (value) => boxes().forEach((box) => { box.checked = [value].flat().includes(box.value); });
  return field(node, spec, () => (several ? picked() : picked()[0] ?? null), write);
}

const TYPES = { datepicker: "date", timepicker: "time", email_text_input: "email", url_text_input: "url" };

function entry(spec, block, context, acts) {
  const node = element(spec.multiline ? "textarea" : "input", "input");
  if (!spec.multiline) node.type = TYPES[spec.type] ?? "text";
  node.value = spec.initial_value ?? spec.initial_date ?? spec.initial_time ?? "";
  node.placeholder = spec.placeholder?.text ?? "";
  if (acts) node.onchange = () => act(spec, block, context, node.value);
  return field(node, spec, () => node.value || null, (value) => { node.value = value ?? ""; });
}

function field(node, spec, readValue, writeValue) {
  node.dataset.action = spec.action_id ?? "";
  return Object.assign(node, { readValue, writeValue });
}

export function interactive(spec, block, context, acts = true) {
  if (!spec) return null;
  if (spec.type === "button") return button(spec, block, context);
  if (spec.type === "image") return element("span", "image-note", spec.alt_text ?? "");
  if (["radio_buttons", "checkboxes"].includes(spec.type)) return choices(spec, block, context, acts);
  if (spec.options || spec.option_groups) return menu(spec, block, context, acts);
  return entry(spec, block, context, acts);
}

export function inputRow(block, context) {
  const node = interactive(block.element, block, context, Boolean(block.dispatch_action));
  node.setAttribute("aria-label", block.label?.text ?? "");
  const optional = block.optional ? element("span", "hint", " (optional)") : null;
  const hint = block.hint ? element("div", "hint", textOf(block.hint, context.names)) : null;
  const error = element("div", "field-error");
  error.setAttribute("role", "alert");
  error.hidden = true;
  return element("div", "input-row", element("div", "label", textOf(block.label, context.names), optional), node, error, hint);
}
