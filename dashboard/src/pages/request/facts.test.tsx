// The time left counts down between two answers.
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { draw } from "../../testing";
import { TimeLeft } from "./facts";
import type { RequestNow } from "./use-request";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-30T12:00:00Z") });
});

afterEach(() => vi.useRealTimers());

const request = (etaSeconds: number | null) => ({ etaSeconds }) as RequestNow;

test("the time left counts down and never below nothing", () => {
  const { place, again } = draw(<TimeLeft request={request(30)} />);
  expect(place.textContent).toBe("about 30 s");
  act(() => vi.advanceTimersByTime(10_000));
  expect(place.textContent).toBe("about 20 s");
  act(() => vi.advanceTimersByTime(40_000));
  expect(place.textContent).toBe("any moment");
  again(<TimeLeft request={request(5)} />);
  expect(place.textContent).toBe("about 5.0 s");
  again(<TimeLeft request={request(null)} />);
  expect(place.textContent).toBe("unknown");
});
