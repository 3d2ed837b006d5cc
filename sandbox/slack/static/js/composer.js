// The field below the messages: where one types a message or a command. Each place keeps its own draft.

import { complete } from "./completion.js";
import { element } from "./dom.js";
import { icon } from "./icons.js";

const drafts = new Map();
const said = [];

function makeField(form, label, known) {
  const field = element("textarea");
  const submit = element("button", "send", icon("send"));
  field.rows = 1;
  field.setAttribute("aria-label", label);
  submit.type = "submit";
  submit.setAttribute("aria-label", `Send ${label.toLowerCase()}`);
  form.replaceChildren(field, submit);
  const forList = complete(form, field, known);
  let back = 0;
  field.addEventListener("input", () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
    submit.disabled = field.disabled || !field.value.trim();
    drafts.set(form.dataset.place, field.value);
  });
  field.onkeydown = (event) => {
    if (event.isComposing || forList(event)) return;
    if (event.key === "ArrowUp" && (!field.value || field.value === said.at(-back)) && back < said.length) {
      event.preventDefault();
      write(field, said.at(-(back += 1)));
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      back = 0;
      form.requestSubmit();
    }
  };
  return field;
}

export function write(field, text) {
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event("input"));
}

function reasonToStop(channel) {
  if (channel.archived) return "This channel is archived";
  return channel.member ? "" : "You are not in this channel";
}

export function drawComposer(form, channel, { place, label, wanted, say, known }) {
  const field = form.querySelector("textarea") ?? makeField(form, label, known);
  const stopped = reasonToStop(channel);
  field.disabled = Boolean(stopped);
  field.placeholder = stopped || wanted;
  if (form.dataset.place !== place) {
    form.dataset.place = place;
    write(field, drafts.get(place) ?? "");
  }
  form.querySelector(".send").disabled = field.disabled || !field.value.trim();
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text || field.disabled) return;
    said.push(text);
    write(field, "");
    say(text);
  };
}
