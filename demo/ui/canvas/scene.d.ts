/**
 * What Python and the canvas say to each other. `scene()` in scene.py sends a Scene, `running()` a part of one;
 * acts.py and the turns' handlers take Act and TurnAct.
 */
import type { Answer } from "../shared/component.d.ts";

/** Left, top, right, bottom, in picture pixels. */
export type Box = [number, number, number, number];
/** Across and down, in picture pixels. */
export type Point = [number, number];
export type Size = [number, number];
/** A place that was clicked, and whether it is part of the object (1) or not (0). */
export type Click = [number, number, number];

/** What Undo and Redo would do, in words; empty where there is nothing. Sent with what is at rest. */
export interface Steps {
  undo: string;
  redo: string;
}

export interface Scene extends Answer, Partial<Steps> {
  picture: Picture | null;
  /** The picture's name and size; as long as there is one. */
  name: string;
  width: number;
  height: number;
  regions: Region[];
  /** Outlines of masks that are new to this browser, by key, as SVG paths. */
  outlines: Record<string, string>;
  /** What stands beside the regions, by the number of the answer. */
  asides: Record<string, Aside[]>;
  /** What the running turn has found so far. */
  provisional: Marks[];
  /** What is being done, in words; empty at rest. */
  busy: string;
  /** What was typed and is being answered; empty for a question that was clicked. */
  asked: string;
  /** The part that the model looks at closer now. */
  look: Box | null;
  /** The part that the next question is about, with the name of its region as long as that is there. */
  within: { box: Box; name: string } | null;
  /** The colour of the next region, and its name. */
  tone: number;
  next: string;
  /** How many answers there are. */
  turns: number;
  /** Which model gave each answer. */
  authors: string[];
  dialogues: { name: string; turns: number }[];
  /** Which of the dialogues is shown. */
  dialogue: number;
  /** The name under which the dialogue is kept on disk. */
  kept: string | null;
  /** What those hear who do not see the page, once: of an answer, or of a failure. */
  said: string;
  alarm: string;
  /** The cut-out that was asked for last. */
  cut_out: CutOut | null;
}

export interface CutOut {
  /** The number that it was asked for under. */
  ticket: number;
  /** Where it lies; null when there is none. */
  box: Box | null;
  /** The address of a picture of that size whose opacity is the region's. */
  edge: string;
}

/** What a running turn changes of the scene. */
export type RunningScene = Pick<Scene, "busy" | "provisional" | "look">;

/** A file that Gradio serves; it fills in the address. */
export interface Picture {
  path: string;
  url: string | null;
  [more: string]: unknown;
}

export interface Marks {
  box: Box;
  point: Point | null;
  /** The key of the mask's outline. */
  mask: string | null;
  clicks: Click[];
}

export interface RegionObject extends Marks {
  id: string;
  corrected: boolean;
  /** Where it is, in words: "upper left". */
  where: string;
  /** Why its outline is uncertain, in words after a colon. */
  doubt: string | null;
}

export interface Region {
  id: string;
  tone: number;
  title: string;
  origin: "model" | "user";
  /** The answer that made it, or after how many it was drawn. */
  turn: number | null;
  hidden: boolean;
  corrected: boolean;
  /** Whether the model only guessed it. */
  unsure: boolean;
  quality: number | null;
  /** Whether a later answer has another region. */
  earlier: boolean;
  /** What its card says below the name. */
  lines: string[];
  objects: RegionObject[];
}

export interface Aside {
  name: string;
  kind: "truth" | "model";
  objects: Pick<Marks, "box" | "mask">[];
}

/** The event "act": a change of a region by hand. */
export type Act =
  | { kind: "box"; box: Box }
  | { kind: "point"; at: Point }
  | { kind: "refine"; object: string; at: Point; positive: boolean }
  | { kind: "correct"; object: string; box: Box }
  | { kind: "rename"; region: string; label: string }
  | { kind: "hide"; region: string; hidden: boolean }
  | { kind: "delete"; region: string }
  | { kind: "paint"; object: string; points: Point[]; width: number; erases: boolean }
  | { kind: "polygon"; corners: Point[] }
  | { kind: "reshape"; object: string; corners: Point[] }
  | { kind: "shapes"; shapes: { label: string; boxes: Box[] }[] }
  | { kind: "hide_all"; regions: string[]; hidden: boolean }
  | { kind: "delete_all"; regions: string[] }
  | { kind: "move_all" | "copy_all"; regions: string[]; by: Point };

/** The event "turn": what is done with an answer, or which dialogue is shown. */
export type TurnAct =
  | {
    kind: "again" | "change" | "branch" | "take" | "up" | "down" | "scores" | "numbers" | "keep";
    turn: number;
    place?: number;
  }
  | { kind: "compare"; turn: number; place?: number; source?: string }
  | { kind: "switch"; dialogue: number };
