// Writes which model runs and on what; the advice stands beside it where there is room.
const texts = { ".status-text": "status", ".advice": "advice", ".status-advice": "advice", ".status-why": "why" };

function write() {
  for (const [place, name] of Object.entries(texts)) {
    element.querySelector(place).textContent = props.value?.[name] || "";
  }
  element.querySelector("summary").title = props.value?.why || "";
  element.querySelector(".advice").title = props.value?.advice || "";
}

document.addEventListener("click", (event) => {
  const status = element.querySelector("#status");
  if (!status.contains(event.target)) status.open = false;
});
watch("value", write);
write();
