// Before the page is there: its theme, and what a person does with the first view, which the page does then.
// This runs by itself, right behind the first view and long before the page's modules.
{
  const asked = new URLSearchParams(location.search).get("__theme");
  const isDark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", isDark);

  customElements.define(
    "first-view",
    class extends HTMLElement {
      #inside = this.attachInternals().shadowRoot;
      #example = null;

      constructor() {
        super();
        this.#inside?.addEventListener("click", (event) => this.#note(event.target.closest("[data-index]")));
      }

      #note(card) {
        if (!card) return;
        this.#inside.querySelector(".chosen")?.classList.remove("chosen");
        card.closest(".example").classList.add("chosen");
        this.#example = { index: Number(card.dataset.index), ..."play" in card.dataset && { play: true } };
      }

      /** What was done: the example that was chosen, the question that was begun, and whether it is being written. */
      get done() {
        const message = this.#inside?.querySelector("textarea");
        return {
          example: this.#example,
          question: message?.value ?? "",
          isWriting: Boolean(message) && this.#inside.activeElement === message,
        };
      }
    },
  );
}
