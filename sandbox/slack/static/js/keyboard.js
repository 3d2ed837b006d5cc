// Keys for the whole page; fields and lists take theirs first.
//
// Esc closes what was opened last; arrows move among channels and among messages, Enter opens a message's
// thread; Alt with an arrow goes to the next channel; whatever is typed elsewhere goes into the message field.

const FIELDS = "input, textarea, select, [contenteditable]";

function step(event, list) {
  const rows = [...list.querySelectorAll(":scope > article, :scope > .channel")];
  const at = rows.indexOf(document.activeElement.closest("article, .channel"));
  const down = event.key === "ArrowDown";
  if (!rows.length || document.activeElement.closest(FIELDS)) return;
  event.preventDefault();
  const next = at < 0 ? (down ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + (down ? 1 : -1)));
  rows[next].focus();
}

export function listen({ escape, open, channel, field }) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open], :popover-open")) return;
    const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    const list = event.target.closest?.("[data-arrows]");
    if (event.key === "Escape") escape();
    else if (arrow && event.altKey) {
      event.preventDefault();
      channel(event.key === "ArrowDown" ? 1 : -1);
    } else if (arrow && list) step(event, list);
    else if (event.key === "Enter" && event.target.matches?.("article.message[data-ts]")) open(event.target);
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.(`${FIELDS}, button, [popover]`)) field()?.focus();
  });
}
