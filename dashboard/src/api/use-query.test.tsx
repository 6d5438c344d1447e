// Queries run one at a time, and prefetched results are used.
import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { render } from "../testing";
import { prefetch } from "./prefetch";
import { ViewerDocument } from "./generated";
import { type QueryResult, useQuery } from "./use-query";

interface Call {
  signal: AbortSignal | null;
  answer: (data: unknown) => Promise<void>;
}

let calls: Call[];

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  vi.stubGlobal("fetch", (_url: string, { signal = null }: RequestInit) => {
    return new Promise((resolve) => {
      const answer = (data: unknown) => act(async () => resolve(new Response(JSON.stringify({ data }))));
      calls.push({ signal, answer });
    });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function watch(): { latest: () => QueryResult<unknown>; drawn: ReturnType<typeof render> } {
  let found: QueryResult<unknown> | undefined;
  function Watcher() {
    found = useQuery(ViewerDocument, {});
    return null;
  }
  const drawn = render(<Watcher />);
  return {
    drawn,
    latest: () => {
      if (!found) throw new Error("it was not drawn");
      return found;
    },
  };
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("what is asked again while an answer is on its way is asked once more, behind it", async () => {
  const { latest } = watch();
  expect(calls).toHaveLength(1);
  latest().refresh();
  latest().refresh();
  await pass(100);
  expect(calls).toHaveLength(1);
  expect(calls[0]?.signal?.aborted).toBe(false);
  await calls[0]?.answer("first");
  expect(latest().data).toBe("first");
  expect(calls).toHaveLength(2);
  await calls[1]?.answer("second");
  expect(latest().data).toBe("second");
  await pass(10_000);
  expect(calls).toHaveLength(2);
});

test("an answer that was asked for early is taken once", async () => {
  prefetch(ViewerDocument, {});
  const { latest } = watch();
  expect(calls).toHaveLength(1);
  expect(latest().loading).toBe(true);
  await calls[0]?.answer("early");
  expect(latest().data).toBe("early");
  latest().refresh();
  await pass(100);
  expect(calls).toHaveLength(2);
});

test("an early answer that nobody took in time is not news", async () => {
  prefetch(ViewerDocument, {});
  await pass(6_000);
  watch();
  expect(calls).toHaveLength(2);
});

test("who is gone hears nothing, and is not answered", async () => {
  const { latest, drawn } = watch();
  const before = latest();
  drawn.rerender(null);
  expect(calls[0]?.signal?.aborted).toBe(true);
  await calls[0]?.answer("late");
  expect(latest()).toBe(before);
});
