// Completion in a message field: `/` for commands and their customers, `@` for people.

import { element } from "./dom.js";

const MOST = 8;

// What stands before the caret, and what may take its place. A command's name and a person are chosen by
// Enter at once; a customer only when an arrow was pressed, so that Enter still sends what was typed.
export function suggestionsFor(text, known) {
  const command = /^\/\S*$/.exec(text);
  if (command) {
    const items = known.commands.filter((one) => one.name.startsWith(text) && one.name !== text);
    return { title: "Commands", from: 0, eager: true, items: items.map((one) => ({ label: one.name, about: one.about, put: `${one.name} ` })) };
  }
  const subject = /^(\/\S+\s+)(\S*)$/.exec(text);
  if (subject && known.commands.some((one) => one.name === subject[1].trim())) {
    return { title: "Customers", from: subject[1].length, eager: false, items: matching(known.customers, subject[2]) };
  }
  const person = /(^|\s)@([\p{L}\p{N}._-]*)$/u.exec(text);
  if (!person) return null;
  const typed = person[2].toLowerCase();
  const items = known.people.filter((one) => one.name.toLowerCase().split(/\s+/).some((word) => word.startsWith(typed)));
  return { title: "People", from: text.length - person[2].length - 1, eager: true, items: items.map((one) => ({ label: one.name, about: one.role, put: `@${one.name} ` })) };
}

function matching(customers, typed) {
  const some = customers.filter((one) => one.subject.toLowerCase().includes(typed.toLowerCase()) && one.subject !== typed);
  return some.map((one) => ({ label: one.subject, about: one.about, put: one.subject }));
}

let lists = 0;

// Adds completion to a field; returns what takes a key first: true where it was for the list.
export function complete(form, field, knownNow) {
  const box = element("div", "suggestions");
  const id = `suggestions-${lists += 1}`;
  let open = null;
  let at = -1;
  box.id = id;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Suggestions");
  box.hidden = true;
  form.append(box);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);

  const shut = () => {
    open = null;
    box.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (number) => {
    at = number;
    [...box.querySelectorAll(".suggestion")].forEach((node, n) => {
      node.setAttribute("aria-selected", String(n === at));
      if (n === at) node.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) field.setAttribute("aria-activedescendant", `${id}-${at}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const take = (item) => {
    const rest = field.value.slice(field.selectionStart);
    const begun = field.value.slice(0, open.from) + item.put;
    shut();
    field.value = begun + rest.trimStart();
    field.setSelectionRange(begun.length, begun.length);
    field.dispatchEvent(new Event("input"));
    field.focus();
  };
  const look = () => {
    open = field.disabled ? null : suggestionsFor(field.value.slice(0, field.selectionStart), knownNow());
    if (!open?.items.length) return shut();
    open.items = open.items.slice(0, MOST);
    const rows = open.items.map((item, n) => {
      const row = element("div", "suggestion", element("strong", "", item.label), element("span", "", item.about ?? ""));
      row.id = `${id}-${n}`;
      row.setAttribute("role", "option");
      row.onmousedown = (event) => { event.preventDefault(); take(item); };
      return row;
    });
    box.replaceChildren(...rows);
    box.hidden = false;
    return mark(open.eager ? 0 : -1);
  };
  field.addEventListener("input", look);
  field.addEventListener("blur", shut);

  return (event) => {
    if (!open) return false;
    const count = open.items.length;
    if (event.key === "Escape") shut();
    else if (event.key === "ArrowDown") mark((at + 1) % count);
    else if (event.key === "ArrowUp") mark((at <= 0 ? count : at) - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0 && !event.shiftKey) take(open.items[at]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
}
