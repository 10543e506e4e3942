/** What `strowger code list` shows: the modules over all isolates, what is on trial, and what has happened. */

/** A version as an isolate has it; times in milliseconds since 1970. */
export interface VersionRow {
  readonly hash: string;
  readonly filename: string | undefined;
  readonly loadedAt: number;
  readonly processes: number;
  readonly crashes: number;
}

export interface ModuleRow {
  readonly name: string;
  readonly current: VersionRow;
  readonly old: VersionRow | undefined;
  readonly canary: (VersionRow & { readonly share: number }) | undefined;
}

/** Something that was loaded, promoted or reverted, by somebody or by itself. */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** New code whose crashes are counted. */
export interface TrialRow {
  readonly modules: readonly string[];
  /** For which share of the users; undefined for everybody. */
  readonly share: number | undefined;
  readonly endsAt: number;
  readonly crashes: number;
  /** Of the version beside it, while only a share of the users have the new one. */
  readonly othersCrashes: number;
}

export interface Listing {
  /** Those of which something is in force. */
  readonly directories: readonly string[];
  readonly modules: readonly ModuleRow[];
  readonly trials: readonly TrialRow[];
  readonly history: readonly HistoryEntry[];
}

/** One row a module: processes and crashes of all isolates together, the rest is the same in all of them. */
export function mergeRows(isolates: readonly (readonly ModuleRow[])[]): readonly ModuleRow[] {
  const rows = new Map<string, ModuleRow>();
  for (const row of isolates.flat()) {
    const before = rows.get(row.name);
    rows.set(row.name, before === undefined ? row : merge(before, row));
  }
  return [...rows.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

const merge = (one: ModuleRow, other: ModuleRow): ModuleRow => ({
  ...one,
  current: add(one.current, other.current),
  old: addOptional(one.old, other.old),
  canary: addOptional(one.canary, other.canary),
});

const addOptional = <Row extends VersionRow>(
  one: Row | undefined,
  other: Row | undefined,
): Row | undefined => (one === undefined || other === undefined ? (one ?? other) : add(one, other));

const add = <Row extends VersionRow>(one: Row, other: Row): Row => ({
  ...one,
  loadedAt: Math.min(one.loadedAt, other.loadedAt),
  processes: one.processes + other.processes,
  crashes: one.crashes + other.crashes,
});
