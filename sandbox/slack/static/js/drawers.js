// The drawers beside the conversation, in the order of interest: customers first, a workflow last.

import { button, byId, element, redraw } from "./dom.js";

function pick(one, put) {
  const node = button("pick", [element("strong", "", one.subject), element("span", "", one.about)], () => put(one.subject));
  node.title = "Put this into the message field";
  return node;
}

// So many are shown at first: the other drawers are of interest too.
const FIRST = 5;

function customers(panel, doing) {
  const rows = panel.customers.map((one) => pick(one, (subject) => doing.fill(`${doing.command()} ${subject}`)));
  const hidden = rows.slice(FIRST);
  const more = hidden.length ? button("fold", `Show ${hidden.length} more`, () => more.replaceWith(...hidden)) : null;
  return [
    element("p", "hint", "Choose one, then press Enter."),
    ...rows.slice(0, FIRST),
    more,
    element("h3", "", "Links to paste"),
    ...panel.addresses.map((one) => pick(one, doing.fill)),
  ];
}

function vendor(one, doing) {
  const select = element("select", "menu");
  select.append(...one.options.map((option) => new Option(option, option)));
  select.value = one.current;
  select.setAttribute("aria-label", `State of ${one.name}`);
  select.onchange = () => doing.send("vendor", { name: one.name, option: select.value });
  return element(
    "div",
    one.current === one.options[0] ? "vendor" : "vendor broken",
    element("span", "light"),
    element("div", "vendor-text", element("strong", "", one.name), element("span", "usage", one.usage)),
    select,
  );
}

function vendors(panel, doing) {
  return [element("p", "hint", "Break one and look somebody up again."), ...panel.vendors.map((one) => vendor(one, doing))];
}

function meter(one) {
  const share = one.limit ? Math.max(0, one.left / one.limit) : 1;
  const bar = element("i", one.left === 0 ? "none" : share < 0.25 ? "low" : "");
  bar.style.width = `${Math.round(share * 100)}%`;
  const left = one.limit ? `${one.left} of ${one.limit} calls left in ${one.span}` : `${one.used} calls, no limit known`;
  return element(
    "div",
    "meter",
    element("div", "meter-head", element("strong", "", one.name), element("span", "usage", `${one.saved} saved`)),
    one.limit ? element("div", "meter-bar", bar) : null,
    element("span", "usage", left),
  );
}

function meters(panel) {
  const about = "What each account may still be asked, and how many questions were answered without asking it.";
  const off = panel.meters.length ? null : element("p", "hint", "Casefile is not running just now.");
  return [element("p", "hint", about), off, ...panel.meters.map(meter)];
}

let ticketChosen = "";

function tickets(panel, doing) {
  const every = panel.desks.flatMap((desk) => desk.tickets);
  const select = element("select", "menu ticket-menu");
  const about = element("div", "ticket-about");
  const show = () => {
    ticketChosen = select.value;
    about.textContent = every.find((one) => one.name === select.value)?.about ?? "";
  };
  for (const desk of panel.desks) {
    const group = element("optgroup", "", ...desk.tickets.map((one) => new Option(one.title, one.name)));
    group.label = desk.name;
    select.append(group);
  }
  select.value = every.some((one) => one.name === ticketChosen) ? ticketChosen : every[0]?.name ?? "";
  select.setAttribute("aria-label", "Ticket");
  select.onchange = show;
  show();
  const post = button("button primary", element("span", "", "Post as a new ticket"), async () => {
    post.disabled = true;
    await doing.post(select.value);
    post.disabled = false;
  });
  return [element("p", "hint", "What a help desk’s app writes when a customer asks for help."), select, about, post];
}

let pushChosen = "";

function pushes(panel, doing) {
  const select = element("select", "menu ticket-menu");
  select.append(...panel.pushes.map((one) => new Option(`${one.name}: ${one.about}`, one.name)));
  if (pushChosen) select.value = pushChosen;
  select.setAttribute("aria-label", "Webhook");
  select.onchange = () => { pushChosen = select.value; };
  const said = element("span", "usage", "");
  said.setAttribute("role", "status");
  const go = button("button", element("span", "", "Send"), async () => {
    go.disabled = true;
    said.textContent = (await doing.send("push", { name: select.value }))?.said ?? "not sent";
    go.disabled = false;
  });
  return [element("p", "hint", "What Raygun tells by itself; seen at the next lookup, told to tickets’ threads at once, and free of calls."), select, element("div", "row-buttons", go, said)];
}

let customerNamed = "";

function workflow(panel, doing) {
  const field = element("input", "menu ticket-menu");
  field.value = customerNamed;
  field.placeholder = "jane@contoso.example, or a uid";
  field.setAttribute("aria-label", "Customer of the workflow");
  field.oninput = () => { customerNamed = field.value; };
  const run = async () => {
    go.disabled = true;
    await doing.send("workflow", { customer: field.value });
    go.disabled = false;
  };
  field.onkeydown = (event) => { if (event.key === "Enter") run(); };
  const go = button("button", element("span", "", "Run"), run);
  return [element("p", "hint", `A workflow with the step “${panel.steps[0]}”, run by you: it posts the answer here.`), field, element("div", "row-buttons", go)];
}

const DRAWERS = [
  ["customers", "Customers to try", true, (panel) => panel.customers.length, customers],
  ["vendors", "Vendors", true, (panel) => panel.vendors.length, vendors],
  ["meters", "Calls left and saved", true, (panel) => panel.controls.length, meters],
  ["tickets", "Tickets", false, (panel) => panel.desks.length, tickets],
  ["pushes", "Raygun’s webhooks", false, (panel) => panel.pushes.length, pushes],
  ["workflow", "Workflow", false, (panel) => panel.steps.length, workflow],
];

// What a drawer shows; one that has not changed keeps its nodes.
const SHOWS = {
  customers: (panel) => [panel.customers, panel.addresses],
  vendors: (panel) => panel.vendors,
  meters: (panel) => panel.meters,
  tickets: (panel) => panel.desks,
  pushes: (panel) => panel.pushes,
  workflow: (panel) => panel.steps,
};

function make([name, title, open], box) {
  const body = element("div", "drawer-body");
  const drawer = element("details", "drawer", element("summary", "", title), body);
  body.id = name;
  drawer.id = `${name}-drawer`;
  drawer.open = open;
  box.append(drawer);
  return body;
}

function top(box, panel, doing) {
  const row = element("div", "row-buttons");
  row.append(button("button primary", element("span", "", "Guided tour"), doing.tour));
  if (panel.controls.includes("reset")) row.append(button("button", element("span", "", "Reset"), doing.reset));
  row.id = "controls";
  row.style.padding = "6px 0 10px";
  box.append(row);
}

export function drawDrawers(panel, doing) {
  const box = byId("drawer-list");
  if (!byId("controls")) top(box, panel, doing);
  for (const drawer of DRAWERS) {
    const [name, , , isThere, draw] = drawer;
    const body = byId(name) ?? make(drawer, box);
    byId(`${name}-drawer`).hidden = !isThere(panel);
    // An open menu of the browser closes when it is drawn anew.
    if (body.contains(document.activeElement) && document.activeElement.matches("select, input")) continue;
    redraw(body, SHOWS[name](panel), () => draw(panel, doing));
  }
}
