// The remaining time counts down between two responses.
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { render } from "../../testing";
import { TimeLeft } from "./facts";
import type { RequestNow } from "./use-request";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-06-30T12:00:00Z") });
});

afterEach(() => vi.useRealTimers());

const request = (etaSeconds: number | null) => ({ etaSeconds }) as RequestNow;

test("the time left counts down and never below nothing", () => {
  const { container, rerender } = render(<TimeLeft request={request(30)} />);
  expect(container.textContent).toBe("about 30 s");
  act(() => vi.advanceTimersByTime(10_000));
  expect(container.textContent).toBe("about 20 s");
  act(() => vi.advanceTimersByTime(40_000));
  expect(container.textContent).toBe("any moment");
  rerender(<TimeLeft request={request(5)} />);
  expect(container.textContent).toBe("about 5.0 s");
  rerender(<TimeLeft request={request(null)} />);
  expect(container.textContent).toBe("unknown");
});
