// The page's few pictures, drawn here: not every machine has an emoji font.

const SHAPES = {
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  folder: "M3 6h6l2 3h10v11H3zM7 13h10M7 16h6",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  chat: "M4 5h16v11H9l-5 4z",
  thread: "M4 5h16v9H8l-4 3zM9 18h9l3 2V9",
  flask: "M9 3h6M10 3v6L4 19a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2l-6-10V3M7 15h10",
  send: "M4 4l17 8-17 8 3-8zM7 12h8",
  list: "M4 6h16M4 12h16M4 18h16",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
