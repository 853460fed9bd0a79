/** What Python tells of one answer: its numbers, its scores, or the words that a model knows. */
import type { Answer } from "../shared/component.d.ts";
import type { Box, Point, Size } from "../canvas/scene.d.ts";

export type SheetValue = Numbers | Scores | Known;

interface OfTurn extends Answer {
  /** The number of the answer, from 1. */
  turn: number;
  title: string;
}

export interface Numbers extends OfTurn {
  kind: "numbers";
  /** The model's frame, and the picture's size in its pixels. */
  frame: Size;
  size: Size;
  references: Located[];
  objects: Found[];
  /** The parts that were looked at closer, in words. */
  looks: string[];
  /** The question as the model got it, and what it wrote. */
  prompted: string;
  raw: string;
  /** `address` is where a finding leads (#at-…), or null. */
  findings: { level: string; text: string; address: string | null }[];
  timings: [string, string][];
  decoding: string;
}

/** A box in the model's frame and on the picture. */
export interface Located {
  name: string;
  model: Box;
  picture: Box;
}

export interface Found extends Located {
  model_point: Point | null;
  picture_point: Point | null;
  quality: number | null;
  corrected: boolean;
}

export interface Scores extends OfTurn {
  kind: "scores";
  rows: Score[];
  key: string;
}

export interface Score {
  name: string;
  title: string;
  about: string;
  /** 0 to 1; null where it does not apply. */
  value: number | null;
  reason: string;
  /** Its value in each answer of the dialogue. */
  trend: (number | null)[];
}

export interface Known extends OfTurn {
  kind: "known";
  rows: { title: string; words: string[] }[];
  key: string;
}
