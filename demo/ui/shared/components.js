// The components of the page that draw themselves, by name. Gradio hands each over once; then its module is
// used and finds it here. `send` is for modules that may be used before the component is there.

/** @typedef {import("./component.d.ts").Component} Component */

/** @type {Map<string, Component>} */
const components = new Map();

/**
 * Take a component over from Gradio, before the module that draws it is used.
 * @param {string} name @param {Component} given
 */
export function mount(name, given) {
  if (components.has(name)) throw new Error(`${name} is on the page already.`);
  components.set(name, given);
}

/** The component of this name, for the modules that draw it. @param {string} name @returns {Component} */
export function component(name) {
  const given = components.get(name);
  if (!given) throw new Error(`${name} is not on the page yet.`);
  return given;
}

/**
 * Make an event of a component happen, for which Python listens.
 * @param {string} name @param {string} event @param {Record<string, unknown>} [data]
 */
export function send(name, event, data = {}) {
  component(name).trigger(event, data);
}
