/** What Python says in the line above the message. */

export interface HintValue {
  text: string;
  level: "hint" | "error";
  /** How words will be read: phrase, name, start and end in the message, whether they own something, or are no name. */
  reads: [string, string, number, number, boolean, boolean][];
  /** What looks like a name in the message and is none, in a sentence. */
  doubt: string;
  /** The words that it is about. */
  doubted: string[];
  /** The question that is being changed. */
  changing: number | null;
  /** What the line says while there is nothing else to say: that a click cites, or that Enter sends. */
  rest: "" | "cite" | "send";
}
