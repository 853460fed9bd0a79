/** What Python and the panel of dialogues say to each other. */
import type { Answer } from "../shared/component.d.ts";

export interface DialoguesValue extends Answer {
  /** What was done, or could not be (`failed`). */
  said?: string;
  failed?: boolean;
  dialogues?: Kept[];
  /** How many more there are. */
  left?: number;
  bound?: string;
  /** Whether a dialogue is open that can be saved as a file. */
  here?: boolean;
  /** Who is logged in; empty without accounts. */
  user?: string;
  file?: { url: string; orig_name: string };
  /** Whether a file is being made. */
  making?: boolean;
  close?: boolean;
}

/** A dialogue that is kept on disk. */
export interface Kept {
  id: string;
  title: string;
  turns: number;
  /** When it was changed last, in seconds since 1970. */
  at: number;
  pinned: boolean;
  /** Whether it goes first when room is needed. */
  going: boolean;
  open: boolean;
  /** Its small picture, as a data address. */
  small: string;
}

/** The event "library", and with the kind "open" the event "choose". */
export interface DialogueAct {
  kind: "list" | "open" | "rename" | "pin" | "delete" | "export";
  search: string;
  count: number;
  id?: string;
  title?: string;
  pinned?: boolean;
}

/** The event "save"; "stop" ends what it began. */
export interface SaveAct {
  format: string;
  /** One dialogue, the one on the page without a name; or all that are found by `search`. */
  id: string;
  all: boolean;
  search: string;
}

/** The event "arrive": the dialogue that this tab showed; "none" after New, empty in a new tab. */
export interface Arrival {
  kept: string;
}
