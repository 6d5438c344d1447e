// The table sorts by its heads and opens its rows, by mouse and by keyboard.
import { expect, it, vi } from "vitest";
import { click, draw, press, texts } from "../testing";
import { type Column, Table } from "./table";

interface Row {
  name: string;
  size: number | null;
}

const ROWS: Row[] = [
  { name: "b", size: 2 },
  { name: "a", size: null },
  { name: "c", size: 9 },
];
const COLUMNS: Column<Row>[] = [
  { key: "name", title: "Name", cell: (row) => <a href="#x">{row.name}</a>, sort: (row) => row.name },
  { key: "size", title: "Size", cell: (row) => row.size, sort: (row) => row.size },
];

function table(onOpen?: (row: Row) => void) {
  return draw(
    <Table
      caption="Things"
      columns={COLUMNS}
      rows={ROWS}
      rowKey={(row) => row.name}
      sortedBy="-size"
      {...(onOpen ? { onOpen } : {})}
    />,
  ).place;
}

it("sorts either way, with what has no value last", () => {
  const place = table();
  const names = () => texts(place, "tbody a");
  expect(names()).toEqual(["c", "b", "a"]);
  click(place.querySelectorAll("th button")[1]);
  expect(names()).toEqual(["b", "c", "a"]);
  expect(place.querySelectorAll("th")[1]?.getAttribute("aria-sort")).toBe("ascending");
  click(place.querySelectorAll("th button")[0]);
  expect(names()).toEqual(["c", "b", "a"]);
});

it("opens a row by click and by Enter, but not where a link is clicked", () => {
  const open = vi.fn();
  const place = table(open);
  click(place.querySelector("tbody td:nth-child(2)"));
  press(place.querySelectorAll("tbody tr")[1], "Enter");
  click(place.querySelector("tbody a"));
  expect(open.mock.calls.map(([row]) => (row as Row).name)).toEqual(["c", "b"]);
});
