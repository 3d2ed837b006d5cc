// What stands inside blocks and can be used: buttons, menus, choices and fields.
//
// A field holds `data-action` and gives what is in it by `readValue()`, takes it by `writeValue()`.
// `context.act(element, block, option)` is told of whatever acts at once.

import { button, element } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { chooser, menuButton } from "./popup.js";

export function textOf(object, names) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "", names) : element("span", "", plain(object.text ?? ""));
}

// Nothing is fetched from elsewhere: a picture that is not our own is shown by its words.
export function picture(spec, className = "thumb") {
  const words = spec.alt_text ?? "";
  const url = String(spec.image_url ?? "");
  if (!url.startsWith("data:image/") && !url.startsWith(`${location.origin}/`)) return element("span", "image-note", words || "Image");
  const image = element("img", className);
  image.src = url;
  image.alt = words;
  return image;
}

function ask(confirm, names) {
  return new Promise((resolve) => {
    const dialog = element("dialog", "confirm");
    const answer = (said) => { dialog.close(); dialog.remove(); resolve(said); };
    const title = element("h2", "", textOf(confirm.title, names));
    title.id = "confirm-title";
    dialog.setAttribute("aria-labelledby", title.id);
    dialog.oncancel = () => answer(false);
    dialog.append(
      title,
      element("div", "confirm-text", textOf(confirm.text, names)),
      element(
        "div",
        "dialog-buttons",
        button("button", textOf(confirm.deny, names), () => answer(false)),
        button(`button ${confirm.style ?? "primary"}`, textOf(confirm.confirm, names), () => answer(true)),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector(".dialog-buttons .button:last-child").focus();
  });
}

async function act(spec, block, context, option) {
  if (spec.confirm && !(await ask(spec.confirm, context.names))) return;
  await context.act(spec, block, option);
}

// While Slack waits for the app's acknowledgement, the button turns and takes no second click.
async function busy(node, work) {
  const ring = element("span", "turning");
  node.append(ring);
  node.classList.add("busy");
  node.setAttribute("aria-busy", "true");
  node.disabled = true;
  try {
    await work();
  } finally {
    ring.remove();
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
    node.disabled = false;
  }
}

function outward(url) {
  if (/^https?:/i.test(url ?? "")) window.open(url, "_blank", "noopener,noreferrer");
}

function pressable(spec, block, context) {
  const node = button(`button ${spec.style ?? ""}`, textOf(spec.text, context.names));
  if (spec.url) node.append(element("span", "outward", "↗"));
  if (spec.accessibility_label) node.setAttribute("aria-label", spec.accessibility_label);
  node.onclick = async () => {
    if (spec.confirm && !(await ask(spec.confirm, context.names))) return;
    outward(spec.url);
    await busy(node, () => context.act(spec, block, null));
  };
  return node;
}

const optionsOf = (spec) => [spec, ...(spec.option_groups ?? [])].flatMap((group) => group.options ?? []);
const itemOf = (option) => ({ label: option.text?.text ?? "", value: option.value, about: option.description?.text, url: option.url });

function overflow(spec, block, context) {
  return menuButton("button", "⋯", "More actions", optionsOf(spec).map(itemOf), (item) => {
    outward(item.url);
    act(spec, block, context, item.value);
  });
}

function select(spec, block, context, acts) {
  const node = element("select", "menu");
  const options = (group) => (group.options ?? []).map((one) => new Option(one.text?.text ?? "", one.value));
  node.append(new Option(spec.placeholder?.text ?? "Choose an option", ""), ...options(spec));
  for (const group of spec.option_groups ?? []) {
    const box = element("optgroup", "", ...options(group));
    box.label = group.label?.text ?? "";
    node.append(box);
  }
  node.value = spec.initial_option?.value ?? "";
  node.setAttribute("aria-label", spec.placeholder?.text ?? "Choose an option");
  node.onchange = () => acts && node.value && act(spec, block, context, node.value);
  return field(node, spec, () => node.value || null, (value) => { node.value = value ?? ""; });
}

// People, channels, what the app suggests, or several of anything: a list that can be searched.
function searched(spec, block, context, acts) {
  const several = spec.type.startsWith("multi_");
  const kind = spec.type.replace("multi_", "").replace("_select", "");
  const every = kind === "static" ? optionsOf(spec).map(itemOf) : context.choices?.(kind) ?? [];
  const holding = (one) => one.label.toLowerCase();
  const find = async (typed) => (kind === "external"
    ? context.suggest(spec, block, typed)
    : every.filter((one) => holding(one).includes(typed.toLowerCase())));
  const ids = Object.entries(spec).filter(([key]) => /^initial_(user|channel|conversation)s?$/.test(key)).flatMap(([, value]) => value);
  const initial = [spec.initial_option, ...(spec.initial_options ?? [])].filter(Boolean).map(itemOf);
  const chosen = [...initial, ...ids.map((id) => every.find((one) => one.value === id) ?? { label: id, value: id })];
  const made = chooser({
    placeholder: spec.placeholder?.text ?? (several ? "Choose options" : "Choose an option"),
    several,
    chosen,
    most: spec.max_selected_items,
    find,
    changed: () => acts && act(spec, block, context, holder.readValue()),
  });
  const holder = element("div", "popup-holder", made.node);
  // What the app suggested it gets back whole.
  const whole = (one) => ({ text: { type: "plain_text", text: one.label }, value: one.value });
  const read = kind === "external" ? () => (several ? made.all().map(whole) : made.all().map(whole)[0] ?? null) : made.read;
  return field(holder, spec, read, made.write);
}

let groups = 0;

function choices(spec, block, context, acts) {
  const several = spec.type === "checkboxes";
  const chosen = new Set([spec.initial_option, ...(spec.initial_options ?? [])].map((one) => one?.value));
  const node = element("div", "choices");
  const name = `choices-${groups += 1}`;
  node.setAttribute("role", several ? "group" : "radiogroup");
  const boxes = () => [...node.querySelectorAll("input")];
  const picked = () => boxes().filter((box) => box.checked).map((box) => box.value);
  for (const option of optionsOf(spec)) {
    const box = element("input");
    Object.assign(box, { type: several ? "checkbox" : "radio", name, value: option.value, checked: chosen.has(option.value) });
    box.onchange = () => acts && act(spec, block, context, several ? picked() : option.value);
    const about = option.description ? element("span", "hint", textOf(option.description, context.names)) : null;
    node.append(element("label", "choice", box, element("span", "", textOf(option.text, context.names), about)));
  }
  const write = (value) => boxes().forEach((box) => { box.checked = [value].flat().includes(box.value); });
  return field(node, spec, () => (several ? picked() : picked()[0] ?? null), write);
}

const TYPES = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local", email_text_input: "email", url_text_input: "url" };

function entry(spec, block, context, acts) {
  const node = element(spec.multiline ? "textarea" : "input", "input");
  if (!spec.multiline) node.type = TYPES[spec.type] ?? "text";
  node.value = spec.initial_value ?? spec.initial_date ?? spec.initial_time ?? "";
  node.placeholder = spec.placeholder?.text ?? "";
  node.setAttribute("aria-label", spec.placeholder?.text ?? spec.type.replace("picker", " ").trim());
  if (spec.type === "number_input") node.inputMode = "decimal";
  if (acts) {
    const onType = spec.dispatch_action_config?.trigger_actions_on?.includes("on_character_entered");
    const tell = () => act(spec, block, context, node.value);
    if (TYPES[spec.type] && spec.type.endsWith("picker")) node.onchange = tell;
    else if (onType) node.oninput = tell;
    node.onkeydown = (event) => {
      if (event.key !== "Enter" || spec.multiline || event.isComposing) return;
      event.preventDefault();
      tell();
    };
  }
  return field(node, spec, () => node.value || null, (value) => { node.value = value ?? ""; });
}

function field(node, spec, readValue, writeValue) {
  node.dataset.action = spec.action_id ?? "";
  if (spec.focus_on_load) node.dataset.first = "";
  return Object.assign(node, { readValue, writeValue });
}

export function interactive(spec, block, context, acts = true) {
  if (!spec) return null;
  if (spec.type === "button" || spec.type === "workflow_button") return pressable(spec, block, context);
  if (spec.type === "image") return picture(spec);
  if (spec.type === "overflow") return overflow(spec, block, context);
  if (["radio_buttons", "checkboxes"].includes(spec.type)) return choices(spec, block, context, acts);
  if (spec.type === "static_select") return select(spec, block, context, acts);
  if (spec.type.endsWith("_select")) return searched(spec, block, context, acts);
  return entry(spec, block, context, acts);
}

export function inputRow(block, context) {
  const node = interactive(block.element, block, context, Boolean(block.dispatch_action));
  const name = block.label?.text ?? "";
  const optional = block.optional ? element("span", "hint", " (optional)") : null;
  const hint = block.hint ? element("div", "hint", textOf(block.hint, context.names)) : null;
  const error = element("div", "field-error");
  (node.matches(".popup-holder") ? node.firstChild : node).setAttribute("aria-label", name);
  error.setAttribute("role", "alert");
  error.hidden = true;
  return element("div", "input-row", element("span", "label", textOf(block.label, context.names), optional), node, error, hint);
}
