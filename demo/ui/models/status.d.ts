/** What Python and the header with the models say to each other. */
import type { Answer } from "../shared/component.d.ts";

export interface StatusValue extends Answer {
  status: string;
  advice: string;
  why: string;
  may_switch: boolean;
  /** How often another model has been tried. */
  changes: number;
  /** What is done about another model, in words; empty at rest. */
  doing: string;
  said: string;
  rows: ModelRow[];
  /** What is to be asked before a model is fetched. */
  order: Order | null;
}

export interface ModelRow {
  source: string;
  title: string;
  state: string;
  line: string;
  /** Whether its speed is a guess that can be measured. */
  guessed?: boolean;
}

export interface Order {
  source: string;
  text: string;
  button: string;
}

/** The event "models". */
export interface ModelsAct {
  kind: "look" | "measure" | "stop" | "choose" | "fetch" | "other";
  source?: string;
  name?: string;
}
