// The lines of the list, and how news of some requests change them.
import type { RequestLineFragment } from "../../api/generated";

export type Line = RequestLineFragment;

/** More than this is not shown: a page that is left open must not grow. */
export const MOST_LINES = 500;

/**
 * The lines after `asked` requests were asked for anew. Of these, those that `found` has are shown as they are now, the
 * others no longer match the filter and go. New ones come in where they belong, the newest first, but not below the last
 * line while there is `more` behind it.
 */
export function mergeLines(
  lines: readonly Line[],
  asked: ReadonlySet<string>,
  found: readonly Line[],
  more: boolean,
): Line[] {
  const last = lines.at(-1);
  const reaches = (line: Line) => !more || !last || line.createdAt >= last.createdAt;
  const known = new Set(lines.map((line) => line.uuid));
  const kept = lines.filter((line) => !asked.has(line.uuid));
  const merged = [...kept, ...found.filter((line) => known.has(line.uuid) || reaches(line))];
  return merged.sort(newestFirst);
}

function newestFirst(left: Line, right: Line): number {
  if (left.createdAt !== right.createdAt) return left.createdAt < right.createdAt ? 1 : -1;
  return left.uuid < right.uuid ? 1 : -1;
}
