// Menus that open below a button: overflow menus, and choices of several with a search.

import { button, element } from "./dom.js";

function place(popup, anchor) {
  const around = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const below = around.bottom + 4 + height <= innerHeight;
  popup.style.left = `${Math.max(8, Math.min(around.left, innerWidth - width - 8))}px`;
  popup.style.top = `${Math.max(8, below ? around.bottom + 4 : around.top - height - 4)}px`;
}

// Opens `popup` at `anchor` in the top layer: above a modal too, and closed by Esc or a click elsewhere.
export function openPopup(anchor, popup, onclosed = () => {}) {
  popup.popover = "auto";
  popup.classList.add("popup");
  // Not inside the message: one that is edited meanwhile is drawn anew.
  (anchor.closest("dialog") ?? document.body).append(popup);
  popup.showPopover();
  place(popup, anchor);
  anchor.setAttribute("aria-expanded", "true");
  popup.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    popup.remove();
    onclosed();
    if (document.activeElement === document.body) anchor.focus();
  });
  popup.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const stops = [...popup.querySelectorAll("button, input")].filter((one) => one.offsetParent);
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length]?.focus();
  });
  popup.querySelector("button, input")?.focus();
}

// A button with a menu of its own; `choose` is told of the chosen item.
export function menuButton(className, label, name, items, choose) {
  const node = button(className, label, () => {
    const popup = element("div", "");
    popup.setAttribute("role", "menu");
    popup.setAttribute("aria-label", name);
    for (const item of items) {
      const row = button("", [element("span", "", item.label), item.about ? element("span", "hint", item.about) : null].filter(Boolean), () => {
        popup.hidePopover();
        choose(item);
      });
      row.setAttribute("role", "menuitem");
      popup.append(row);
    }
    openPopup(node, popup);
  });
  node.setAttribute("aria-haspopup", "menu");
  node.setAttribute("aria-expanded", "false");
  node.setAttribute("aria-label", name);
  return node;
}

// A button that shows what is chosen and opens a list to search and tick; `several` or one alone.
// `find(typed)` returns the options, `changed` is told when the list is closed.
export function chooser({ placeholder, several, chosen, most, find, changed }) {
  let picked = [...chosen];
  const words = element("span", "");
  const show = () => { words.textContent = picked.map((one) => one.label).join(", ") || placeholder; };
  const node = button("menu", words, open);
  node.setAttribute("aria-haspopup", "dialog");
  node.setAttribute("aria-expanded", "false");
  show();

  function open() {
    const before = JSON.stringify(picked);
    const popup = element("div", "");
    const search = element("input", "input");
    const rows = element("div", "");
    popup.setAttribute("role", "dialog");
    popup.setAttribute("aria-label", placeholder);
    search.type = "search";
    search.setAttribute("aria-label", "Search");
    popup.append(search, rows);
    const fill = async () => {
      const found = await find(search.value);
      rows.replaceChildren(...found.map((option) => row(option, popup)));
      if (!found.length) rows.append(element("div", "nothing", "No results"));
      place(popup, node);
    };
    search.oninput = fill;
    fill();
    openPopup(node, popup, () => JSON.stringify(picked) !== before && changed?.());
  }

  function row(option, popup) {
    const box = element("input");
    box.type = several ? "checkbox" : "radio";
    box.checked = picked.some((one) => one.value === option.value);
    box.onchange = () => {
      const others = several ? picked.filter((one) => one.value !== option.value) : [];
      picked = box.checked ? [...others, option].slice(0, most ?? 100) : others;
      show();
      if (!several) popup.hidePopover();
    };
    return element("label", "", box, option.label);
  }

  const read = () => (several ? picked.map((one) => one.value) : picked[0]?.value ?? null);
  const write = (values) => {
    const wanted = new Set([values].flat());
    picked = [...picked, ...chosen].filter((one, n, all) => wanted.has(one.value) && all.findIndex((o) => o.value === one.value) === n);
    show();
  };
  return { node, read, write, all: () => picked };
}
