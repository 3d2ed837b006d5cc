// Work Objects: the card below a pasted link, and the side pane that opens for whoever clicks its title.

import { button, element, safeLink } from "./dom.js";
import { interactive } from "./elements.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { clock, dayLabel, momentOf } from "./time.js";

const EMBED = "application/vnd.slack-embed";

function valueOf(field) {
  if (field.type === "slack#/types/timestamp") return `${dayLabel(momentOf(field.value))} at ${clock(momentOf(field.value))}`;
  if (field.type === "slack#/types/link") return safeLink(field.value, field.label);
  return field.link ? safeLink(field.link, field.value) : String(field.value);
}

function fieldsOf(entity) {
  const fields = entity.entity_payload.custom_fields ?? [];
  const order = entity.entity_payload.display_order ?? [];
  const ordered = [...fields].sort((one, other) => order.indexOf(one.key) - order.indexOf(other.key));
  return element("dl", "entity-fields", ...ordered.map((field) => element(
    "div",
    field.long ? "long" : "",
    element("dt", "", field.label),
    element("dd", "", valueOf(field)),
  )));
}

function actionsOf(actions, context) {
  const every = [...(actions?.primary_actions ?? []), ...(actions?.overflow_actions ?? [])];
  if (!every.length) return null;
  const specs = every.map((one) => ({ ...one, type: "button", text: { type: "plain_text", text: one.text } }));
  return element("div", "actions", ...specs.map((spec) => interactive(spec, { block_id: "" }, context)));
}

function product(entity) {
  const { product_name: name, display_type: kind } = entity.entity_payload.attributes;
  return element("div", "attachment-author", [name, kind].filter(Boolean).join(" · "));
}

export function renderEntity(entity, context, by, open) {
  const mark = element("span", "avatar casefile", icon("folder"));
  mark.setAttribute("aria-hidden", "true");
  return element(
    "div",
    "attachment card entity",
    product(entity),
    button("entity-title", entity.entity_payload.attributes.title.text, open),
    fieldsOf(entity),
    actionsOf(entity.entity_payload.actions, context),
    element("div", "card-by", mark, `Added by ${by}`),
  );
}

// As Slack does where the app's settings have allow-same-origin: scripts run, and nothing leads out of the frame.
function embedOf(entity) {
  const preview = entity.entity_payload.attributes.full_size_preview;
  if (preview?.mime_type !== EMBED || !preview.preview_url) return null;
  const frame = element("iframe", "embed");
  frame.title = "Replay";
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  frame.src = preview.preview_url;
  return frame;
}

function contentOf(pane, context) {
  if (pane.error) {
    const { custom_title: title, custom_message: words, status, actions } = pane.error;
    return [element("h3", "", title ?? status), element("p", "", plain(words ?? "")), actionsOf({ primary_actions: actions }, context)];
  }
  if (!pane.shown) return [element("p", "", element("span", "turning"), " Loading…")];
  return [product(pane.shown), embedOf(pane.shown), fieldsOf(pane.shown), actionsOf(pane.shown.entity_payload.actions, context)];
}

export function drawPane(pane, { context, close, refresh }) {
  const old = document.querySelector("dialog.side-pane");
  const print = JSON.stringify(pane);
  if (old && old.dataset.print === print) return;
  old?.remove();
  if (!pane) return;
  const dialog = element("dialog", "side-pane");
  const title = element("h2", "", pane.shown?.entity_payload.attributes.title.text ?? "Details");
  title.id = "pane-title";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.dataset.print = print;
  dialog.oncancel = (event) => {
    event.preventDefault();
    close();
  };
  const shut = button("plain", "✕", close);
  shut.setAttribute("aria-label", "Close the details");
  const body = element("div", "pane-body", ...contentOf(pane, context).filter(Boolean), button("fold", "Refresh", refresh));
  body.tabIndex = 0;
  body.setAttribute("role", "group");
  body.setAttribute("aria-labelledby", title.id);
  dialog.append(element("div", "modal-head", title, shut), body);
  document.body.append(dialog);
  dialog.showModal();
}
