/** What Python and the notice about a picture say to each other. */
import type { Answer } from "../shared/component.d.ts";
import type { Order } from "../models/status.d.ts";

export interface NoticeValue extends Answer {
  text: string;
  /** What else to know; often empty. */
  note: string;
  /** What can be done, best first. */
  ways: Way[];
  /** What is to be asked before a model is fetched. */
  order: Order | null;
  /** Why the last model that was chosen does not run. */
  said: string;
  /** Whether servers are being looked for, so that there may be more ways in a moment. */
  looking: boolean;
  /** Whether the speed of some way is a guess that can be measured. */
  guessed: boolean;
}

export interface Way {
  kind: "use" | "fetch" | "draw";
  /** The model's name in the list; empty for drawing. */
  source: string;
  title: string;
  line: string;
  button: string;
}
