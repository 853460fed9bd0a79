// What people should know about their picture before they ask: a sentence, the ways out, and a button
// that opens an example of what the model does know.
const place = element.querySelector(".notice");

function paragraph(name, ...children) {
  const made = Object.assign(document.createElement("p"), { className: name });
  made.append(...children);
  return made;
}

function way([text, command]) {
  return paragraph("notice-way", `${text} `, Object.assign(document.createElement("code"), { textContent: command }));
}

function button() {
  return Object.assign(document.createElement("button"), { type: "button", textContent: "Open a drawn example" });
}

function write() {
  const { text, ways = [] } = props.value || {};
  const said = text ? [paragraph("notice-text", text), ...ways.map(way)] : [];
  if (text && props.example !== null) said.push(button());
  place.replaceChildren(...said);
}

element.addEventListener("click", (event) => {
  if (event.target.closest("button")) trigger("choose", { index: props.example });
});
watch("value", write);
write();
