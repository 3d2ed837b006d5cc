// The app's two tabs, Home and Messages, and the Home tab itself as the app published it.

import { renderBlocks } from "./blocks.js";
import { button, byId, element, redraw } from "./dom.js";
import { restore, valuesOf } from "./modal.js";

export function drawTabs(shown, tab, choose) {
  const box = byId("app-tabs");
  box.hidden = !shown;
  if (!shown) return;
  redraw(box, tab, () => ["home", "messages"].map((name) => {
    const node = button("", name === "home" ? "Home" : "Messages", () => choose(name));
    node.setAttribute("role", "tab");
    node.setAttribute("aria-selected", String(name === tab));
    node.tabIndex = name === tab ? 0 : -1;
    node.onkeydown = (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      choose(name === "home" ? "messages" : "home");
      requestAnimationFrame(() => box.querySelector("[aria-selected=true]")?.focus());
    };
    return node;
  }));
}

export function drawHome(home, shown, { names, send, choices, suggest }) {
  const box = byId("home");
  box.hidden = !shown;
  if (!shown) return;
  const context = {
    names,
    choices,
    suggest: (spec, block, typed) => suggest({ id: home.id, action_id: spec.action_id ?? "", block_id: block.block_id, typed }),
    act: (spec, block, option) => send("press-in-home", {
      action_id: spec.action_id ?? "", block_id: block.block_id, option, values: valuesOf(box),
    }),
  };
  const focused = document.activeElement?.closest?.("[data-action]");
  const spot = box.contains(focused) ? [focused.closest("[data-block]")?.dataset.block, focused.dataset.action] : null;
  const kept = valuesOf(box);
  const drawn = redraw(box, home?.body ?? null, () => [
    home ? renderBlocks(home.body.blocks, context) : element("p", "hint", "Casefile has published nothing here yet."),
  ]);
  if (!drawn) return;
  // What is being typed stays; all else is as the app says it now.
  if (!spot) return;
  const typed = kept[spot[0]]?.[spot[1]];
  restore(box, { [spot[0]]: { [spot[1]]: typed } });
  [...box.querySelectorAll("[data-action]")].find((one) => one.dataset.action === spot[1])?.focus?.();
}
