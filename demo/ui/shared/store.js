// State that several modules share: everybody reads it, `change` alone changes it, and tells who listens.

/**
 * @template {object} State
 * @param {State} initial
 */
export function createStore(initial) {
  const state = Object.assign({}, initial);
  /** @type {{ names: (keyof State)[], run: () => void }[]} */
  const listeners = [];

  /**
   * Change some of the state; listeners of what is another value now run, in the order in which they came.
   * @param {Partial<State>} news
   */
  function change(news) {
    const changed = /** @type {(keyof State)[]} */ (Object.keys(news)).filter((name) =>
      !Object.is(state[name], news[name])
    );
    Object.assign(state, news);
    for (const { names, run } of listeners) if (names.some((name) => changed.includes(name))) run();
  }

  /**
   * Run `run` after each change of one of these names.
   * @param {(keyof State)[]} names @param {() => void} run
   */
  function onChange(names, run) {
    listeners.push({ names, run });
  }

  return { state: /** @type {Readonly<State>} */ (state), change, onChange };
}
