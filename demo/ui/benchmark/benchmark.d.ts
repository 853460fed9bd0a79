/** What Python and the panel of the benchmark say to each other. */
import type { Answer } from "../shared/component.d.ts";

export interface BenchmarkValue extends Answer {
  rows?: Row[];
  /** The row that is open. */
  open?: number | null;
  /** How many more rows there are. */
  left?: number;
  bound?: string;
  said?: string;
  failed?: boolean;
  /** Whether the file is still being read. */
  reading?: boolean;
  /** Small pictures by row, as data addresses. */
  small?: Record<string, string | null>;
  close?: boolean;
}

export interface Row {
  row: number;
  title: string;
  image: string;
  rounds: number;
  /** Why it cannot be used; empty when it can. */
  why: string;
}

/** The events "rows" and "choose" (with a row). */
export interface RowsAct {
  search: string;
  count: number;
  row?: number;
  play?: boolean;
}
