// The form for sharing a dialogue: its page as a file, a link to it, and the links that there are. A link is
// told once, when it is made; its address is made here, because only the browser knows how the page is reached.
import { onAnswer } from "../shared/answers.js";
import { copyText } from "../shared/clipboard.js";
import { component } from "../shared/components.js";
import { closesByHand, closest, node, one } from "../shared/nodes.js";

const { element, props, trigger, watch } = component("sharing/sharing");
const dialog = one("dialog", element);
const made = one(".share-made", dialog);
const address = one("input", made);
const remark = one(".share-said", dialog);
const list = one(".share-list", dialog);
const save = one(".share-file", dialog);
const link = one(".share-link", dialog);
/** @type {import("./sharing.d.ts").SharedLink[]} */
let shown = []; // also those that were withdrawn since the form was opened, so that none moves under a hand

/** @param {import("./sharing.d.ts").SharingAct["kind"]} kind @param {Partial<import("./sharing.d.ts").SharingAct>} [details] */
function send(kind, details = {}) {
  save.disabled = link.disabled = true;
  trigger("sharing", { kind, ...details });
}

/** @param {import("./sharing.d.ts").SharingValue} value */
function show(value) {
  say(value.said, value.failed);
  save.disabled = !value.here;
  link.disabled = !value.here || Boolean(value.why_not);
  one(".share-who", dialog).textContent = value.why_not || whoCanRead(value.user);
  if (value.links) drawList(value.links);
  if (value.file) carryAway(value.file);
  if (value.token) tellLink(value.token);
}

function whoCanRead(user) {
  const who = user ? "Anyone with the link can read it, without logging in." : "Anyone with the link can read it.";
  return isOnThisComputer() ? `${who} This page runs on your computer only, so others cannot reach it there.` : who;
}

function isOnThisComputer() {
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
}

function say(text, failed) {
  remark.textContent = text || "";
  remark.classList.toggle("failed", Boolean(failed));
}

// A link that was made -----------------------------------------------------------------------------------

async function tellLink(token) {
  address.value = String(new URL(`./shared/${token}`, document.baseURI));
  made.classList.add("ready");
  one(".share-send", made).hidden = !navigator.share;
  const once = "The link is shown this once: keep it.";
  say(await copyText(address.value, dialog) ? `Copied. ${once}` : once);
  address.select();
  made.scrollIntoView({ block: "nearest" });
}

one(".share-copy", made).addEventListener("click", async () => {
  const copied = await copyText(address.value, dialog);
  say(copied ? "Copied." : "Your browser does not copy for this page: press Ctrl+C.");
  if (!copied) address.select();
});

one(".share-send", made).addEventListener("click", () => {
  navigator.share({ url: address.value }).catch(() => {}); // it was not sent after all
});

// The links that there are -------------------------------------------------------------------------------

/** @param {import("./sharing.d.ts").SharedLink[]} links */
function drawList(links) {
  const there = new Set(links.map(({ id }) => id));
  const known = new Set(shown.map(({ id }) => id));
  shown = [...links.filter(({ id }) => !known.has(id)), ...shown];
  one(".share-has", dialog).hidden = !shown.length;
  list.replaceChildren(...shown.map((each) => row(each, there.has(each.id))));
}

/** @param {import("./sharing.d.ts").SharedLink} each @param {boolean} isThere */
function row({ id, title, picture, small, at, here }, isThere) {
  const when = new Date(at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const name = picture === title ? "" : picture;
  const facts = [when, here ? "this dialogue" : "", isThere ? "" : "withdrawn"].filter(Boolean).join(" · ");
  const words = node(
    "span",
    {},
    node("bdi", {}, title),
    name ? node("small", { class: "share-picture" }, node("bdi", {}, name)) : "",
    node("small", {}, facts),
  );
  const shown = node("img", { src: small, alt: "" });
  if (!isThere) return node("li", { class: "gone" }, shown, words);
  const label = `Withdraw the link of ${when} to: ${[title, name].filter(Boolean).join(", ")}`;
  return node(
    "li",
    {},
    shown,
    words,
    node("button", { type: "button", "data-withdraw": id, "aria-label": label }, "Withdraw"),
  );
}

list.addEventListener("click", (event) => {
  const button = closest(event, "[data-withdraw]");
  if (!button) return;
  button.disabled = true;
  made.classList.remove("ready"); // it may be the one that is withdrawn
  dialog.focus();
  send("withdraw", { id: button.dataset.withdraw });
});

// The page as a file -------------------------------------------------------------------------------------

function carryAway({ url, orig_name: name }) {
  say(`Saved as ${name}.`);
  const way = node("a", { href: url, download: name });
  dialog.append(way);
  way.click();
  way.remove();
}

save.addEventListener("click", () => {
  say("The page is being made…");
  send("page");
});
link.addEventListener("click", () => {
  say("The link is being made…");
  send("link");
});

// Opening ------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (!closest(event, "[data-share]")) return;
  say("");
  shown = [];
  list.replaceChildren();
  made.classList.remove("ready");
  one(".share-has", dialog).hidden = true;
  dialog.showModal();
  dialog.focus();
  send("look");
});
closesByHand(dialog);
dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the page's keys rest meanwhile

onAnswer({ props, watch }, show);
