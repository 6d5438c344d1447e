// A sortable table whose rows can be opened by click or Enter.
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { Icon } from "./icons";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** The sort key; without it, the column is not sortable. */
  sort?: (row: Row) => number | bigint | string | null | undefined;
  align?: "right";
  /** Hide the column on narrow screens; with `very`, on all but very wide ones. */
  wide?: boolean | "very";
}

interface TableProps<Row> {
  /** Accessible name of the table. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  onOpen?: (row: Row) => void;
  /** Key of the initial sort column, with a leading minus for descending order. */
  sortedBy?: string;
}

export function Table<Row>({ caption, columns, rows, rowKey, onOpen, sortedBy }: TableProps<Row>) {
  const [order, setOrder] = useState({
    key: sortedBy?.replace("-", "") ?? "",
    descending: sortedBy?.startsWith("-") ?? false,
  });
  const sortedRows = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
  const toggle = (key: string) =>
    setOrder((previous) => ({ key, descending: previous.key === key ? !previous.descending : true }));
  const handleKeyDown = (row: Row) => (event: KeyboardEvent) => {
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
          {sortedRows.map((row) => (
            <tr
              key={rowKey(row)}
              className={onOpen ? "opens" : undefined}
              onClick={onOpen && ((event) => !isControl(event.target) && onOpen(row))}
              onKeyDown={onOpen && handleKeyDown(row)}
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
  order: { key: string; descending: boolean };
  onToggle: (key: string) => void;
}

function HeadCell<Row>({ column, order, onToggle }: HeadProps<Row>) {
  const isSorted = order.key === column.key;
  const direction = isSorted ? (order.descending ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" className={classOf(column)} aria-sort={direction}>
      {column.sort ? (
        <button type="button" onClick={() => onToggle(column.key)}>
          {column.title}
          {isSorted ? <Icon name={order.descending ? "down" : "up"} size={11} /> : null}
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

/** Return whether a click belongs to a control inside the row or selects text. */
function isControl(target: EventTarget): boolean {
  return (
    (target as Element).closest("a, button, input") !== null || (getSelection()?.toString() ?? "") !== ""
  );
}

/** Return the rows sorted, with missing values last in both directions. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: Column<Row>[],
  order: { key: string; descending: boolean },
): readonly Row[] {
  const sortKey = columns.find((column) => column.key === order.key)?.sort;
  if (!sortKey) return rows;
  const direction = order.descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [sortKey(left), sortKey(right)];
    if (a == null || b == null) return a == null ? (b == null ? 0 : 1) : -1;
    return a < b ? -direction : a > b ? direction : 0;
  });
}
