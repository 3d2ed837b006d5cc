// The modal in front of everything: drawn once, so that what was typed stays, and told of errors at its fields.

import { renderBlocks } from "./blocks.js";
import { button, element } from "./dom.js";

export function valuesOf(box) {
  const values = {};
  for (const row of box.querySelectorAll("[data-block]")) {
    for (const field of row.querySelectorAll("[data-action]")) {
      if (field.readValue) values[row.dataset.block] = { ...values[row.dataset.block], [field.dataset.action]: field.readValue() };
    }
  }
  return values;
}

export function restore(box, values) {
  for (const row of box.querySelectorAll("[data-block]")) {
    for (const field of row.querySelectorAll("[data-action]")) {
      const value = values[row.dataset.block]?.[field.dataset.action];
      if (value !== undefined) field.writeValue?.(value);
    }
  }
}

function showErrors(dialog, errors) {
  for (const row of dialog.querySelectorAll(".input-row")) {
    const words = errors[row.dataset.block] ?? "";
    const place = row.querySelector(".field-error");
    if (place.textContent === words) continue;
    place.textContent = words;
    place.hidden = !words;
    row.classList.toggle("wrong", Boolean(words));
    if (words) row.querySelector("[data-action]")?.focus?.();
  }
}

function submitButton(body) {
  const node = button("button primary", element("span", "", body.submit.text));
  node.type = "submit";
  return node;
}

function build(modal, { names, send, choices, suggest }) {
  const dialog = element("dialog", "modal");
  const body = modal.body;
  const close = () => send("close", { id: modal.id });
  const shut = button("plain", "✕", close);
  const title = element("h2", "", body.title?.text ?? "");
  title.id = `title-${modal.id}`;
  shut.setAttribute("aria-label", "Close");
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.oncancel = (event) => {
    event.preventDefault();
    close();
  };
  const submit = body.submit ? submitButton(body) : null;
  const context = {
    names,
    choices,
    suggest: (spec, block, typed) => suggest({ id: modal.id, action_id: spec.action_id ?? "", block_id: block.block_id, typed }),
    act: (spec, block, option) => send("press-in-modal", {
      id: modal.id, action_id: spec.action_id ?? "", block_id: block.block_id, option, values: valuesOf(dialog),
    }),
  };
  const content = element("div", "modal-body", renderBlocks(body.blocks, context));
  content.tabIndex = 0;
  content.setAttribute("role", "group");
  content.setAttribute("aria-labelledby", title.id);
  const form = element(
    "form",
    "",
    element("div", "modal-head", title, shut),
    content,
    element("div", "dialog-buttons", button("button", body.close?.text ?? (submit ? "Cancel" : "Close"), close), submit),
  );
  form.noValidate = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!submit || submit.disabled) return;
    const ring = element("span", "turning");
    submit.append(ring);
    submit.classList.add("busy");
    submit.disabled = true;
    showErrors(dialog, {});
    await send("submit", { id: modal.id, values: valuesOf(dialog) });
    ring.remove();
    submit.classList.remove("busy");
    submit.disabled = false;
  };
  dialog.append(form);
  return dialog;
}

export function drawModal(modal, means) {
  const old = document.querySelector("dialog.modal");
  const print = JSON.stringify(modal?.body);
  if (modal && old?.dataset.id === modal.id && old.dataset.print === print) {
    showErrors(old, modal.errors);
    return;
  }
  const kept = old && modal && old.dataset.id === modal.id ? valuesOf(old) : {};
  old?.remove();
  if (!modal) return;
  const dialog = build(modal, means);
  Object.assign(dialog.dataset, { id: modal.id, print });
  restore(dialog, kept);
  document.body.append(dialog);
  dialog.showModal();
  (dialog.querySelector("[data-first]") ?? dialog.querySelector("[data-action]"))?.focus?.();
  showErrors(dialog, modal.errors);
}
