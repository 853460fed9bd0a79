/** What Python and the form for sharing say to each other. */
import type { Answer } from "../shared/component.d.ts";

export interface SharingValue extends Answer {
  /** What was done, or could not be (`failed`). */
  said?: string;
  failed?: boolean;
  /** Whether a dialogue is open that can be shared. */
  here: boolean;
  /** Why there can be no link; empty where there can. */
  why_not: string;
  /** Who is logged in; empty without accounts. */
  user: string;
  links?: SharedLink[];
  /** The end of the address of a link that was made just now; it is told this once. */
  token?: string;
  file?: { url: string; orig_name: string };
}

/** A link that can be withdrawn. */
export interface SharedLink {
  id: string;
  title: string;
  /** The name of its picture, empty where it is not known, and the picture itself, small. */
  picture: string;
  small: string;
  /** When it was made, in seconds since 1970. */
  at: number;
  /** Whether it leads to the dialogue on the page. */
  here: boolean;
}

/** The event "sharing". */
export interface SharingAct {
  kind: "look" | "page" | "link" | "withdraw";
  id?: string;
}
