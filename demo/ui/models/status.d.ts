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
  /** How much of it has been fetched, 0 to 1; null where nothing is, or it is unknown. */
  share: number | null;
  /** The title of the model that was chosen and is not there yet. */
  coming: string;
  /** Whether the model that runs knows nothing of photographs. */
  drawn_only: boolean;
  said: string;
  /** What can run on this machine; empty where that stays as it was. */
  rows: ModelRow[];
  /** Which of them is best for photographs here, and why; with no rows it stays as it was. */
  best: string;
  /** What servers run. */
  served: ModelRow[];
  /** Whether servers are being looked for, so that there may be more rows in a moment. */
  looking: boolean;
  /** The first model of a server whose address was typed, where there are several to choose from. */
  typed: string;
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
  kind: "look" | "found" | "measure" | "stop" | "choose" | "fetch" | "other" | "server";
  source?: string;
  name?: string;
  address?: string;
}
