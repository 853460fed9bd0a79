// Before the page is there: its theme, and what a person does with the first view, which the page does then.
// This runs by itself, right behind the first view and long before the page's modules.
{
  const asked = new URLSearchParams(location.search).get("__theme");
  const isDark = asked ? asked === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.body.classList.toggle("dark", isDark);

  customElements.define(
    "first-view",
    class extends HTMLElement {
      /** Where browsers do not know such views, there is none. */
      #inside = this.attachInternals().shadowRoot;
      /** @type {{ index: number, play?: boolean } | null} */
      #example = null;

      constructor() {
        super();
        this.#inside?.addEventListener("click", this.#choose.bind(this));
        this.#inside?.addEventListener("click", this.#goToQuestion.bind(this));
        window.addEventListener("error", this.#tell.bind(this), true);
      }

      /** @param {Event} event */
      #tell({ target }) {
        const line = this.#inside?.querySelector(".hint");
        if (line && target instanceof HTMLScriptElement) line.textContent = "The page could not be loaded. Reload it.";
      }

      /** @param {Event} event */
      #goToQuestion(event) {
        if (!(event.target instanceof Element && event.target.matches(".skip"))) return;
        event.preventDefault(); // the page's address stays
        this.#inside?.querySelector("textarea")?.focus();
      }

      /** @param {Event} event */
      #choose({ target }) {
        if (!(target instanceof Element)) return;
        /** @type {HTMLElement | null} */
        const card = target.closest("[data-index]");
        if (!card) return;
        this.#inside?.querySelector(".chosen")?.classList.remove("chosen");
        card.closest(".example")?.classList.add("chosen");
        const index = Number(card.dataset.index);
        this.#example = "play" in card.dataset ? { index, play: true } : { index };
      }

      /** What was done: the example that was chosen, the question that was begun, and where the keyboard is. */
      get done() {
        const active = this.#inside?.activeElement;
        const place = active instanceof HTMLElement ? active.dataset.place ?? `#${active.id}` : null;
        return { example: this.#example, question: this.#inside?.querySelector("textarea")?.value ?? "", place };
      }
    },
  );
}
