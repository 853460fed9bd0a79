// What the components that draw themselves share, above all nodes: made from names and attributes, so that
// what people and models wrote is only ever text. First in the scope of the scripts that follow it.
const FINGERS = matchMedia("(hover: none)"); // where there is no mouse, people tap
const ICONS = {
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M7 10l5 5 5-5",
  pin: "M9 4h6l-.8 6 3.3 3.5H6.5L9.8 10zM12 13.5V20",
  pen: "M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4",
  save: "M12 4v11M7.5 10.8L12 15.3l4.5-4.5M5 19.5h14",
  bin: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  play: "M8 5.5v13l10.5-6.5z",
};

// What the page says about clicks, for whom it says it.
function forHands(text) {
  return FINGERS.matches ? text.replace(/\bclick\b/g, "tap").replace(/\bClick\b/g, "Tap") : text;
}

function node(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function shape(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function icon(name) {
  return shape("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: ICONS[name] }));
}

// A dialog's × and a click beside it close it; Esc is the browser's own.
function shuts(dialog) {
  const cross = dialog.querySelector(".shut");
  cross.append(icon("close"));
  cross.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (event.target === dialog && !inside) dialog.close();
  });
}

// The browser's storage, used; null where it is forbidden.
function storage(use, kind = "localStorage") {
  try {
    return use(window[kind]);
  } catch {
    return null;
  }
}
