// A table that sorts by its columns, with rows that open something on click or Enter.
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { Icon } from "./icons";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** By what rows are sorted; without it the column does not sort. */
  sort?: (row: Row) => number | bigint | string | null | undefined;
  align?: "right";
  /** Leave it out where the screen is narrow, or already where it is not very wide. */
  wide?: boolean | "very";
}

interface TableProps<Row> {
  /** What the table shows, for those who do not see it. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  onOpen?: (row: Row) => void;
  /** The column that sorts at first, with a minus before it for the greatest first. */
  sortedBy?: string;
}

export function Table<Row>({ caption, columns, rows, rowKey, onOpen, sortedBy }: TableProps<Row>) {
  const [order, setOrder] = useState({
    key: sortedBy?.replace("-", "") ?? "",
    down: sortedBy?.startsWith("-") ?? false,
  });
  const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
  const toggle = (key: string) =>
    setOrder((before) => ({ key, down: before.key === key ? !before.down : true }));
  const open = (row: Row) => (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.target !== event.currentTarget) return;
    onOpen?.(row);
  };
  return (
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} order={order} onToggle={toggle} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr
              key={rowKey(row)}
              className={onOpen ? "opens" : undefined}
              onClick={onOpen && ((event) => !isControl(event.target) && onOpen(row))}
              onKeyDown={onOpen && open(row)}
              tabIndex={onOpen ? 0 : undefined}
            >
              {columns.map((column) => (
                <td key={column.key} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  order: { key: string; down: boolean };
  onToggle: (key: string) => void;
}

function HeadCell<Row>({ column, order, onToggle }: HeadProps<Row>) {
  const sorted = order.key === column.key;
  const direction = sorted ? (order.down ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" className={classOf(column)} aria-sort={direction}>
      {column.sort ? (
        <button type="button" onClick={() => onToggle(column.key)}>
          {column.title}
          {sorted ? <Icon name={order.down ? "down" : "up"} size={11} /> : null}
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}

function classOf<Row>(column: Column<Row>): string | undefined {
  return (
    [column.align, column.wide && (column.wide === "very" ? "very-wide-only" : "wide-only")]
      .filter(Boolean)
      .join(" ") || undefined
  );
}

/** Links and buttons inside a row do their own thing; so does selecting text. */
function isControl(target: EventTarget): boolean {
  return (
    (target as Element).closest("a, button, input") !== null || (getSelection()?.toString() ?? "") !== ""
  );
}

/** Sorted again; what has no value comes last either way. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: Column<Row>[],
  order: { key: string; down: boolean },
): readonly Row[] {
  const by = columns.find((column) => column.key === order.key)?.sort;
  if (!by) return rows;
  const direction = order.down ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [by(left), by(right)];
    if (a == null || b == null) return a == null ? (b == null ? 0 : 1) : -1;
    return a < b ? -direction : a > b ? direction : 0;
  });
}
