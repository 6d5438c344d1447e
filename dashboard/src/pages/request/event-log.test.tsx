// Only visible lines of a long log are rendered; keys move through all of them.
import { expect, it } from "vitest";
import { render, press, texts } from "../../testing";
import { EventLog } from "./event-log";
import { append, EMPTY_LOG, type LogLine } from "./log";

const EVENTS = Array.from(
  { length: 10_000 },
  (_, index) =>
    ({
      seq: index + 1,
      type: "note",
      severity: "INFO",
      stage: null,
      attempt: null,
      message: `message ${index + 1}`,
      data: { number: index + 1 },
      occurredAt: "2026-11-21T10:00:00Z",
    }) satisfies LogLine,
);

it("renders only the visible lines of 10,000", () => {
  const { container } = render(<EventLog log={append(EMPTY_LOG, EVENTS)} />);
  expect(container.querySelector(".note")?.textContent).toBe("10,000 events");
  expect(container.querySelector("[role=grid]")?.getAttribute("aria-rowcount")).toBe("10000");
  expect(container.querySelectorAll("[role=row]").length).toBeLessThan(60);
});

it("shows the data of the line selected with the keyboard", () => {
  const { container } = render(<EventLog log={append(EMPTY_LOG, EVENTS)} />);
  const grid = container.querySelector("[role=grid]");
  press(grid, "Home");
  press(grid, "ArrowDown");
  expect(texts(container, ".log-detail strong")).toEqual(["2 · note"]);
  expect(texts(container, ".log-detail pre")).toEqual(['{\n  "number": 2\n}']);
  press(grid, "End");
  expect(texts(container, ".log-detail strong")).toEqual(["10000 · note"]);
  press(grid, "Escape");
  expect(container.querySelector(".log-detail")).toBeNull();
});
