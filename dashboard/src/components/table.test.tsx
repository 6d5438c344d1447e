// Tables sort by their headers and open rows, by mouse and keyboard.
import { expect, it, vi } from "vitest";
import { click, render, press, texts } from "../testing";
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
  return render(
    <Table
      caption="Things"
      columns={COLUMNS}
      rows={ROWS}
      rowKey={(row) => row.name}
      sortedBy="-size"
      {...(onOpen ? { onOpen } : {})}
    />,
  ).container;
}

it("sorts in both directions, with missing values last", () => {
  const container = table();
  const names = () => texts(container, "tbody a");
  expect(names()).toEqual(["c", "b", "a"]);
  click(container.querySelectorAll("th button")[1]);
  expect(names()).toEqual(["b", "c", "a"]);
  expect(container.querySelectorAll("th")[1]?.getAttribute("aria-sort")).toBe("ascending");
  click(container.querySelectorAll("th button")[0]);
  expect(names()).toEqual(["c", "b", "a"]);
});

it("opens a row by click and by Enter, but not where a link is clicked", () => {
  const open = vi.fn();
  const container = table(open);
  click(container.querySelector("tbody td:nth-child(2)"));
  press(container.querySelectorAll("tbody tr")[1], "Enter");
  click(container.querySelector("tbody a"));
  expect(open.mock.calls.map(([row]) => (row as Row).name)).toEqual(["c", "b"]);
});
