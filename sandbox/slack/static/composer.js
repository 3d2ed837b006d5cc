// The field below the messages: where one types a message or a command.

import { element } from "./mrkdwn.js";

function makeField(form, label) {
  const field = element("textarea");
  field.rows = 1;
  field.setAttribute("aria-label", label);
  const submit = element("button", "send", "Send");
  submit.type = "submit";
  form.replaceChildren(field, submit);
  field.oninput = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
    form.classList.toggle("command", field.value.startsWith("/"));
  };
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  };
  return field;
}

function reasonToStop(channel) {
  if (channel.archived) return "This channel is archived";
  return channel.member ? "" : "You are not in this channel";
}

export function drawComposer(form, channel, { label, wanted, say }) {
  const field = form.querySelector("textarea") ?? makeField(form, label);
  const stopped = reasonToStop(channel);
  field.disabled = Boolean(stopped);
  form.querySelector("button").disabled = Boolean(stopped);
  field.placeholder = stopped || wanted;
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    field.oninput();
    say(text);
  };
}
