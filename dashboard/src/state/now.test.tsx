// What is shown moves on with the server's clock although nothing is recorded.
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Instant, Running } from "../components/values";
import { draw } from "../testing";
import { slide } from "../api/use-polling";
import { noteServerTime, serverNow } from "./now";

const START = Date.parse("2026-06-30T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  noteServerTime(new Date(Date.now()).toUTCString());
  vi.useRealTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

test("'x ago' and running durations grow by themselves", () => {
  const { place } = draw(
    <>
      <Instant value="2026-06-30T11:59:30Z" relative />
      <Running since="2026-06-30T11:59:50Z" />
    </>,
  );
  const before = place.textContent;
  expect(before).toContain("30");
  expect(before).toContain("10 s");
  pass(20_000);
  expect(place.textContent).toContain("50");
  expect(place.textContent).toContain("30 s");
});

test("a tab that slept shows the present time at once", () => {
  const { place } = draw(<Running since="2026-06-30T11:59:50Z" />);
  vi.setSystemTime(START + 3_600_000); // no timer ran
  act(() => document.dispatchEvent(new Event("visibilitychange")));
  expect(place.textContent).toContain("1 h 00 min");
});

test("the server's clock is what counts", () => {
  noteServerTime("Tue, 30 Jun 2026 12:10:00 GMT");
  expect(serverNow()).toBe(START + 600_000);
  const { place } = draw(<Running since="2026-06-30T12:09:50Z" />);
  expect(place.textContent).toBe("10 s");
  noteServerTime("Tue, 30 Jun 2026 12:00:01 GMT"); // within what the header can tell
  expect(serverNow()).toBe(START);
  noteServerTime(null);
  noteServerTime("nonsense");
  expect(serverNow()).toBe(START);
});

test("a range slides on while the page is in sight", () => {
  const refresh = vi.fn();
  const stop = slide(refresh, 30_000);
  vi.advanceTimersByTime(90_000);
  expect(refresh).toHaveBeenCalledTimes(3);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(refresh).toHaveBeenCalledTimes(4);
  stop();
  vi.advanceTimersByTime(90_000);
  expect(refresh).toHaveBeenCalledTimes(4);
});
