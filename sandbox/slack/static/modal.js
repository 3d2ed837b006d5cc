// The modal in front of everything: drawn once, so that what was typed stays, and told of errors at its fields.

import { renderBlocks } from "./blocks.js";
import { element } from "./mrkdwn.js";

function valuesOf(dialog) {
  const values = {};
  for (const row of dialog.querySelectorAll("[data-block]")) {
    for (const field of row.querySelectorAll("[data-action]")) {
      values[row.dataset.block] = { ...values[row.dataset.block], [field.dataset.action]: field.readValue() };
    }
  }
  return values;
}

function restore(dialog, values) {
  for (const row of dialog.querySelectorAll("[data-block]")) {
    for (const field of row.querySelectorAll("[data-action]")) {
      const value = values[row.dataset.block]?.[field.dataset.action];
      if (value !== undefined) field.writeValue(value);
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
  }
}

function build(modal, names, send) {
  const dialog = element("dialog", "modal");
  const body = modal.body;
  const shut = element("button", "button", body.close?.text ?? "Close");
  shut.type = "button";
  shut.onclick = () => send("close", { id: modal.id });
  dialog.oncancel = (event) => {
    event.preventDefault();
    send("close", { id: modal.id });
  };
  const submit = body.submit ? element("button", "button solid primary", body.submit.text) : null;
  if (submit) submit.type = "submit";
  const context = {
    names,
    keeps: true,
    act: (spec, block, option) => send("press-in-modal", {
      id: modal.id, action_id: spec.action_id ?? "", block_id: block.block_id, option, values: valuesOf(dialog),
    }),
  };
  const form = element(
    "form",
    "",
    element("h2", "", body.title?.text ?? ""),
    element("div", "modal-body", renderBlocks(body.blocks, context)),
    element("div", "confirm-buttons", shut, submit),
  );
  form.noValidate = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!submit || submit.disabled) return;
    submit.disabled = true;
    showErrors(dialog, {});
    await send("submit", { id: modal.id, values: valuesOf(dialog) });
    submit.disabled = false;
  };
  dialog.append(form);
  return dialog;
}

export function drawModal(modal, names, send) {
  const old = document.querySelector("dialog.modal");
  const print = JSON.stringify(modal?.body);
  if (modal && old?.dataset.id === modal.id && old.dataset.print === print) {
    showErrors(old, modal.errors);
    return;
  }
  const kept = old && modal && old.dataset.id === modal.id ? valuesOf(old) : {};
  old?.remove();
  if (!modal) return;
  const dialog = build(modal, names, send);
  Object.assign(dialog.dataset, { id: modal.id, print });
  restore(dialog, kept);
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[data-action]")?.focus?.();
  showErrors(dialog, modal.errors);
}
