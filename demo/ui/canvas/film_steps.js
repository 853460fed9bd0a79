// The steps of the film: where its buttons and keys lead, what its bar says there, and what of the dialogue has
// been said by then.
import { clamp } from "./geometry.js";

/** By the key: the button of the bar that it stands for. */
export const FILM_KEYS = { ArrowLeft: "back", ArrowRight: "next" };

/**
 * A step of a dialogue with so many answers, 0 before the first: its bar in words, and the buttons that lead no
 * further. Beyond either end the film stays there.
 * @param {number} turn @param {number} turns
 */
export function stepAt(turn, turns) {
  const step = clamp(turn, 0, turns);
  const [lead, place] = step ? ["After ", `answer ${step} of ${turns}`] : ["", "Before the first answer"];
  return { step, lead, place, off: { first: step === 0, back: step === 0, next: step === turns } };
}

/**
 * Which rows of the chat have not been said at a step (null: no film), by whether each is a question; and the
 * place of the question to go to, -1 where there is none.
 * @param {boolean[]} questions @param {number | null} step
 */
export function unsaidAt(questions, step) {
  let asked = 0;
  const numbers = questions.map((isQuestion) => isQuestion ? ++asked : asked);
  return {
    unsaid: numbers.map((number) => step !== null && number > step),
    here: step === null ? -1 : numbers.indexOf(Math.max(step, 1)),
  };
}
