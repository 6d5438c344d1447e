// However long the log is, few lines are drawn; keys move through all of it.
import { expect, it } from "vitest";
import { draw, press, texts } from "../../testing";
import { EventLog } from "./event-log";
import { append, EMPTY, type LogLine } from "./log";

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

it("draws the lines in sight of 10,000", () => {
  const { place } = draw(<EventLog log={append(EMPTY, EVENTS)} />);
  expect(place.querySelector(".note")?.textContent).toBe("10,000 events");
  expect(place.querySelector("[role=grid]")?.getAttribute("aria-rowcount")).toBe("10000");
  expect(place.querySelectorAll("[role=row]").length).toBeLessThan(60);
});

it("shows the data of the line that the keys lead to", () => {
  const { place } = draw(<EventLog log={append(EMPTY, EVENTS)} />);
  const grid = place.querySelector("[role=grid]");
  press(grid, "Home");
  press(grid, "ArrowDown");
  expect(texts(place, ".log-detail strong")).toEqual(["2 · note"]);
  expect(texts(place, ".log-detail pre")).toEqual(['{\n  "number": 2\n}']);
  press(grid, "End");
  expect(texts(place, ".log-detail strong")).toEqual(["10000 · note"]);
  press(grid, "Escape");
  expect(place.querySelector(".log-detail")).toBeNull();
});
