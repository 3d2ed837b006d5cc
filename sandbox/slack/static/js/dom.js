// Making DOM nodes. Text from outside only ever becomes text nodes, never markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function button(className, label, onclick) {
  const node = element("button", className, ...[label].flat());
  node.type = "button";
  if (onclick) node.onclick = onclick;
  return node;
}

export function safeLink(url, label, className = "link") {
  const shown = document.createTextNode(label);
  if (!/^(https?:|mailto:|tel:)/i.test(url)) return shown;
  const link = element("a", className, shown);
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

// What has not changed keeps its nodes, so that focus, menus and scrolling survive.
export function redraw(box, given, nodesOf) {
  const print = JSON.stringify(given);
  if (box.dataset.print === print) return false;
  box.dataset.print = print;
  box.replaceChildren(...nodesOf(given).filter((node) => node !== null && node !== undefined));
  return true;
}
