/** What Python and the folder say to each other. */
import type { Answer } from "../shared/component.d.ts";

export interface FolderValue extends Answer {
  /** The number under which a picture was sent; 0 for other answers. */
  ticket: number;
  /** The number under which dialogues were asked after; 0 for other answers. */
  number: number;
  /** The hash of the picture that is shown now; empty where it is none of these. */
  key: string;
  /** Why that file cannot be opened as a picture. */
  trouble: string;
  /** Of the dialogues that were asked after, those that are still kept, with the number of their turns; null where that is not known. */
  known: Record<string, number> | null;
}

/** The event "open"; `ask`: whether a new picture is asked at once what the one before was. */
export interface OpenPicture {
  files: { path: string }[];
  name: string;
  ticket: number;
  ask: boolean;
}

/** The event "known". */
export interface AskKnown {
  ids: string[];
  number: number;
}
