/** The state of the canvas in the browser. */
import type { Act, Box, Click, Point, Region, RegionObject, Scene } from "./scene.d.ts";

export type Tool = "select" | "box" | "point" | "correct" | "polygon" | "brush";

export interface State {
  scene: Scene;
  /** How often the scene has been drawn. */
  drawn: number;
  /** What the model makes people know before there is a picture; null until it is told. */
  advice: string | null;
  /** Which model runs, and on what. */
  model: string;
  /** What is done about another model, in words; how much of it has been fetched, 0 to 1; which one comes. */
  doing: string;
  share: number | null;
  coming: string;
  /** Whether the model knows nothing of photographs. */
  drawnOnly: boolean;
  /** Where the sheet of an answer leads: to a place in its trace and on the picture. */
  place: { turn: number; address: string } | null;
  /** 1 shows the whole picture. */
  zoom: number;
  tool: Tool;
  /** Whether a click marks what is part of the object. */
  plus: boolean;
  /** Whether a press on the picture is under way. */
  pressed: boolean;
  /** The object in hand. */
  held: string | null;
  /** Its box as it was moved, until the server's has come. */
  moved: Box | null;
  /** The object that clicks are making: its name, once there is one. */
  making: { object: string | null } | null;
  /** The box that is being drawn. */
  rubber: Box | null;
  /** Where the keyboard's crosshair is, and the first corner of a box. */
  aim: Point | null;
  corner: Point | null;
  /** Acts that wait for their answer; the first may be under way. */
  acts: WaitingAct[];
  /** The names of what stands beside the regions. */
  asides: Tagged[];
  /** The answer that is pointed at in the dialogue. */
  pointedTurn: number | null;
  /** The region or object that is lit up. */
  lit: string | null;
  /** The part of the picture that is pointed at in the dialogue. */
  part: Box | null;
  /** How often the message has asked about the whole picture again. */
  wholeAsked: number;
  /** The one region that is shown. */
  only: string | null;
  /** How much of the picture is bare, in per cent; null: nothing is compared. */
  split: number | null;
  /** The answer that the film shows, 0 before the first; null: no film. */
  step: number | null;
  /** The corners of the outline that is being drawn or changed. */
  corners: Point[];
  /** The names of the regions that are chosen together. */
  chosen: string[];
  /** How far they have been moved, until the server's own value of it has come. */
  shift: Point | null;
  /** How far to the front regions were brought by hand, by name; 0 for all others. */
  ranks: Record<string, number>;
}

export interface WaitingAct {
  event: "act" | "closer" | "undo" | "redo";
  make: () => Act | { region?: string; box?: Box } | null;
  sketch: Sketch | null;
  then: () => void;
}

/** What is drawn of an act until it is answered. */
export interface Sketch {
  box?: Box;
  tone?: number;
  click?: Click;
}

/** Something on the picture with its label. */
export interface Tagged {
  tag: HTMLElement;
  object: { box: Box };
}

export interface Mark extends Tagged {
  /** What it was drawn of, as text. */
  text: string;
  group: SVGElement;
  /** The inside of its mask; empty where there is none. */
  fill: SVGElement;
  region: Region;
  object: RegionObject;
}

/** A label that looks for its place, in screen pixels. */
export interface Label {
  box: number[];
  middle: number[];
  /** Its width with the name alone, and with all words. */
  short: number;
  full: number;
  taken: Place | null;
}

/** Left, top and width of a label. */
export type Place = [number, number, number];
