// Rows of the request list, and how updates change them.
import type { RequestRowFragment } from "../../api/generated";

export type RequestRow = RequestRowFragment;

/** Limits the growth of a page that stays open. */
export const MAX_ROWS = 500;

/**
 * Return the rows after the requests `changedIds` were read again. Those in `matchingRows` are updated, the others no
 * longer match the filter and are removed. New rows are inserted, newest first, but not below the last row while there
 * are more pages (`hasMore`).
 */
export function mergeRows(
  rows: readonly RequestRow[],
  changedIds: ReadonlySet<string>,
  matchingRows: readonly RequestRow[],
  hasMore: boolean,
): RequestRow[] {
  const last = rows.at(-1);
  const isOnLoadedPage = (row: RequestRow) => !hasMore || !last || row.createdAt >= last.createdAt;
  const loadedIds = new Set(rows.map((row) => row.uuid));
  const unchangedRows = rows.filter((row) => !changedIds.has(row.uuid));
  const merged = [
    ...unchangedRows,
    ...matchingRows.filter((row) => loadedIds.has(row.uuid) || isOnLoadedPage(row)),
  ];
  return merged.sort(newestFirst);
}

function newestFirst(left: RequestRow, right: RequestRow): number {
  if (left.createdAt !== right.createdAt) return left.createdAt < right.createdAt ? 1 : -1;
  return left.uuid < right.uuid ? 1 : -1;
}
