// What is shown moves on with the server's clock although nothing is recorded.
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Instant, Running } from "../components/values";
import { render } from "../testing";
import { pollWhileVisible } from "../api/use-polling";
import { recordServerTime, serverNow } from "./now";

const START = Date.parse("2026-06-30T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(() => {
  recordServerTime(new Date(Date.now()).toUTCString());
  vi.useRealTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));

test("'x ago' and running durations grow by themselves", () => {
  const { container } = render(
    <>
      <Instant value="2026-06-30T11:59:30Z" relative />
      <Running since="2026-06-30T11:59:50Z" />
    </>,
  );
  const before = container.textContent;
  expect(before).toContain("30");
  expect(before).toContain("10 s");
  pass(20_000);
  expect(container.textContent).toContain("50");
  expect(container.textContent).toContain("30 s");
});

test("a tab that slept shows the present time at once", () => {
  const { container } = render(<Running since="2026-06-30T11:59:50Z" />);
  vi.setSystemTime(START + 3_600_000); // no timer ran
  act(() => document.dispatchEvent(new Event("visibilitychange")));
  expect(container.textContent).toContain("1 h 00 min");
});

test("the server's clock is what counts", () => {
  recordServerTime("Tue, 30 Jun 2026 12:10:00 GMT");
  expect(serverNow()).toBe(START + 600_000);
  const { container } = render(<Running since="2026-06-30T12:09:50Z" />);
  expect(container.textContent).toBe("10 s");
  recordServerTime("Tue, 30 Jun 2026 12:00:01 GMT"); // within what the header can tell
  expect(serverNow()).toBe(START);
  recordServerTime(null);
  recordServerTime("nonsense");
  expect(serverNow()).toBe(START);
});

test("a range slides on while the page is in sight", () => {
  const refresh = vi.fn();
  const stop = pollWhileVisible(refresh, 30_000);
  vi.advanceTimersByTime(90_000);
  expect(refresh).toHaveBeenCalledTimes(3);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(refresh).toHaveBeenCalledTimes(4);
  stop();
  vi.advanceTimersByTime(90_000);
  expect(refresh).toHaveBeenCalledTimes(4);
});
