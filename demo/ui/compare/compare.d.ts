/** What Python and the form that compares models say to each other. What is left out stays as it was. */
import type { Answer } from "../shared/component.d.ts";

export interface Comparison extends Answer {
  /** Who has answered in the dialogue, in words, and the names of the models that were asked as well. */
  first: string;
  others: string[];
  rounds: Round[];
  may_choose?: boolean;
  /** Those that can be asked; only where models may be chosen. */
  models?: OtherModel[];
  /** Whether the form is to open, and at which round. */
  open?: boolean;
  turn?: number;
  /** The source of the model to choose in the form, and the name of the one whose answers to show. */
  chosen?: string;
  shown?: string;
  said?: string;
  failed?: boolean;
  /** Why the model that was asked last has not answered, by round. */
  reasons?: Record<string, string>;
}

export interface OtherModel {
  source: string;
  title: string;
  /** By which its answers go. */
  name: string;
  line: string;
  /** The rounds that it can be asked, and those of them that it has not answered. */
  rounds: number[];
  left: number[];
}

export interface Answered {
  /** How many objects were found. */
  count: number;
  seconds: number | null;
  partial: boolean;
  warnings: string[];
  notes: string[];
  /** How it does by the benchmark; null where there is no truth. */
  truth: { iou: number | null; right: boolean } | null;
}

export interface Round extends Answered {
  turn: number;
  question: string;
  /** The regions that the question names. */
  given: string[];
  author: string;
  /** The region that was found, as long as it is there. */
  region: string | null;
  others: Record<string, OtherAnswer>;
}

export interface OtherAnswer extends Answered {
  /** The mean IoU; null where both find nothing. */
  iou: number | null;
  /** Null where that cannot be said. */
  agrees: boolean | null;
  /** Which object of the first answer belongs to which of this one (from 0), and their IoU. */
  pairs: [number, number, number][];
  verdict: string;
}

/** The event "ask": one round, or all that are left (0); `again` asks for those that are answered, too. */
export interface AskAct {
  turn: number;
  source: string;
  name: string;
  again: boolean;
}
