// Rows of the request list, and how updates change them.
import type { RequestRowFragment } from "../../api/generated";

export type RequestRow = RequestRowFragment;

/** Limits the growth of a page that is left open. */
export const MAX_ROWS = 500;

/**
 * The rows after `asked` requests were requested again. Of these, those that `found` has are shown as they are now, the
 * others no longer match the filter and go. New ones come in where they belong, the newest first, but not below the last
 * row while there is `more` behind it.
 */
export function mergeRows(
  rows: readonly RequestRow[],
  asked: ReadonlySet<string>,
  found: readonly RequestRow[],
  more: boolean,
): RequestRow[] {
  const last = rows.at(-1);
  const reaches = (row: RequestRow) => !more || !last || row.createdAt >= last.createdAt;
  const known = new Set(rows.map((row) => row.uuid));
  const kept = rows.filter((row) => !asked.has(row.uuid));
  const merged = [...kept, ...found.filter((row) => known.has(row.uuid) || reaches(row))];
  return merged.sort(newestFirst);
}

function newestFirst(left: RequestRow, right: RequestRow): number {
  if (left.createdAt !== right.createdAt) return left.createdAt < right.createdAt ? 1 : -1;
  return left.uuid < right.uuid ? 1 : -1;
}
