// What stands beside the messages: customers to try, tickets to post, webhooks to send, vendors to break.

import { element } from "./mrkdwn.js";

const byId = (id) => document.getElementById(id);

// What has not changed keeps its nodes, so that focus and scrolling survive.
function redraw(id, list, nodesOf) {
  const box = byId(id);
  const print = JSON.stringify(list);
  byId(`${id}-box`).hidden = !list.length;
  if (box.dataset.print === print) return;
  box.dataset.print = print;
  box.replaceChildren(...nodesOf(list));
}

function tryRow(one, typed, fill) {
  const node = element("button", "customer", element("code", "", one.subject), element("span", "", one.about));
  node.type = "button";
  node.title = "Put this into the message field";
  node.onclick = () => fill(typed);
  return node;
}

function ticketRow(ticket, post) {
  const button = element("button", "button small", "Post as new ticket");
  button.type = "button";
  button.setAttribute("aria-label", `Post as new ticket: ${ticket.title}. ${ticket.about}`);
  button.onclick = async () => {
    button.disabled = true;
    await post(ticket);
    button.disabled = false;
  };
  return element("div", "ticket", button, element("span", "", ticket.about));
}

function ticketRows(tickets, post) {
  const groups = Map.groupBy ? Map.groupBy(tickets, (one) => one.title) : new Map();
  if (!Map.groupBy) for (const one of tickets) groups.set(one.title, [...(groups.get(one.title) ?? []), one]);
  return [...groups].map(([title, some]) => element(
    "div",
    "ticket-group",
    element("h3", "", title),
    ...some.map((one) => ticketRow(one, post)),
  ));
}

function pushRow(event, push) {
  const button = element("button", "button small", event.name);
  const said = element("span", "usage", "");
  said.setAttribute("role", "status");
  button.type = "button";
  button.setAttribute("aria-label", `Send ${event.name}: ${event.about}`);
  button.onclick = async () => {
    button.disabled = true;
    said.textContent = (await push(event))?.said ?? "not sent";
    button.disabled = false;
  };
  return element("div", "ticket", button, element("span", "", event.about), said);
}

function vendorRow(vendor, send) {
  const select = element("select", "menu");
  select.append(...vendor.options.map((option) => new Option(option, option)));
  select.value = vendor.current;
  select.setAttribute("aria-label", `State of ${vendor.name}`);
  select.onchange = async () => {
    await send("vendor", { name: vendor.name, option: select.value });
    select.blur();
  };
  const fine = vendor.current === vendor.options[0];
  return element(
    "div",
    fine ? "vendor" : "vendor broken",
    element("span", "light"),
    element("div", "vendor-text", element("strong", "", vendor.name), element("span", "usage", vendor.usage)),
    select,
  );
}

export function drawPanel(panel, { command, fill, post, push, send }) {
  redraw("customers", panel.customers, (all) => all.map((one) => tryRow(one, `${command} ${one.subject}`, fill)));
  redraw("addresses", panel.addresses, (all) => all.map((one) => tryRow(one, one.subject, fill)));
  redraw("tickets", panel.tickets, (all) => ticketRows(all, post));
  redraw("pushes", panel.pushes, (all) => all.map((one) => pushRow(one, push)));
  if (byId("vendors").contains(document.activeElement)) return;
  redraw("vendors", panel.vendors, (all) => all.map((one) => vendorRow(one, send)));
}
