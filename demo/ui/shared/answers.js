// Answers of the server: a value with a serial number that grows. Gradio hands a value over more than once,
// and also changes of it that answer nothing; an answer is one whose number was not there before.

/**
 * Run `answered` with each answer that the component gets, and with the one that it has already.
 * @param {Pick<import("./component.d.ts").Component, "props" | "watch">} component
 * @param {(value: any) => void} answered
 */
export function onAnswer({ props, watch }, answered) {
  /** @type {number | null} */
  let newest = null;
  const look = () => {
    const { value } = props;
    if (!value?.serial || value.serial === newest) return;
    newest = value.serial;
    answered(value);
  };
  watch("value", look);
  look();
}
