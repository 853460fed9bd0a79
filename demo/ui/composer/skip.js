// The first thing that the Tab key comes to: a link past everything, to the question.
import { goToEnd } from "../shared/message.js";
import { node, whenThere } from "../shared/nodes.js";

const link = node("a", { class: "skip", href: "#message" }, "Go to the question");

link.addEventListener("click", (event) => {
  event.preventDefault(); // the page's address stays
  goToEnd();
});
whenThere("#page", (page) => page.prepend(link));
