// The live list of requests: loads a page, then reads changed requests in batches.
import { useCallback, useEffect, useRef, useState } from "react";
import { execute } from "../../api/client";
import { ApiError } from "../../api/errors";
import { subscribe } from "../../api/subscribe";
import {
  type EventFilter,
  type RequestFilter,
  RequestEventsDocument,
  RequestRowsDocument,
  RequestListDocument,
} from "../../api/generated";
import { type RequestRow, MAX_ROWS, mergeRows } from "./rows";
import { parseJson, writeJson } from "../../api/json";

const PAGE = 50;
const NEWS_MS = 700;
/** More news than this at once, and the first page is read again instead. */
const MOST_NEWS = 100;
const RETRY_MS = 2_000;

export interface RequestRows {
  rows: readonly RequestRow[] | undefined;
  /** Number of matching requests when a page was last read. */
  total: number | undefined;
  more: boolean;
  problem: ApiError | undefined;
  loadMore: () => void;
}

interface State {
  rows?: readonly RequestRow[];
  total?: number;
  more?: boolean;
  problem?: ApiError;
}

export function useRows(where: RequestFilter, events: EventFilter): RequestRows {
  const key = writeJson([where, events]);
  const [state, setState] = useState<State>({});
  const list = useRef<LiveList>(undefined);
  useEffect(() => {
    const [filter, moving] = parseJson(key) as [RequestFilter, EventFilter];
    const live = new LiveList(filter, moving, setState);
    list.current = live;
    setState({});
    void live.begin();
    return () => live.stop();
  }, [key]);
  const loadMore = useCallback(() => void list.current?.loadMore(), []);
  const { rows, total, problem, more = false } = state;
  return { rows, total, problem, loadMore, more: more && (rows?.length ?? 0) < MAX_ROWS };
}

/** A list with one filter. */
class LiveList {
  #state: State = {};
  #cursor: string | null = null;
  /** How many rows are shown at most: new ones push out those at the end. */
  #wanted = PAGE;
  #news = new Set<string>();
  #overflowed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(
    private readonly where: RequestFilter,
    private readonly events: EventFilter,
    private readonly show: (state: State) => void,
  ) {}

  /** Read the cursor of the feed together with the first page, so that no event in between is missed. */
  async begin(): Promise<void> {
    await this.#read();
    if (this.#abort.signal.aborted) return;
    this.#unsubscribe = subscribe(RequestEventsDocument, {
      variables: () => ({ where: this.events, after: this.#cursor }),
      onData: ({ requestEvents: item }) => {
        if ("toCursor" in item) {
          this.#cursor = item.toCursor;
          this.#overflowed = true;
        } else {
          this.#cursor = item.feedCursor ?? this.#cursor;
          if (this.#news.size <= MOST_NEWS) this.#news.add(item.requestId);
        }
        this.#timer ??= setTimeout(() => void this.#heed(), NEWS_MS);
      },
    });
  }

  /** Read the whole list again with one more page, because its rows may have changed. */
  async loadMore(): Promise<void> {
    this.#wanted = Math.min(MAX_ROWS, this.#wanted + PAGE);
    await this.#read();
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
  }

  async #read(): Promise<void> {
    await this.#try(async () => {
      const variables = { where: this.where, first: this.#wanted };
      const { feedCursors, requests } = await execute(RequestListDocument, variables, this.#abort.signal);
      this.#cursor ??= feedCursors.requestEvents;
      this.#set({
        rows: requests.nodes,
        more: requests.pageInfo.hasNextPage,
        total: Number(requests.totalCount),
      });
    });
  }

  /** Ask for what moved; those that match are shown, the others are not, or no longer. */
  async #heed(): Promise<void> {
    const news = this.#news;
    const tooMany = this.#overflowed || news.size > MOST_NEWS;
    this.#news = new Set();
    this.#overflowed = false;
    if (tooMany) await this.#read();
    else {
      await this.#try(async () => {
        const where = { and: [this.where, { id: { in: [...news] } }] };
        const data = await execute(RequestRowsDocument, { where }, this.#abort.signal);
        this.#merge(news, data.requests.nodes);
      });
    }
    this.#timer =
      this.#news.size > 0 || this.#overflowed ? setTimeout(() => void this.#heed(), NEWS_MS) : undefined;
  }

  #merge(asked: ReadonlySet<string>, found: readonly RequestRow[]): void {
    const { rows: before = [], more = false, total = before.length } = this.#state;
    const all = mergeRows(before, asked, found, more);
    this.#set({
      rows: all.slice(0, this.#wanted),
      more: more || all.length > this.#wanted,
      total: Math.max(all.length, total + all.length - before.length),
    });
  }

  /** Retry transient errors until the list is closed. */
  async #try(work: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await work();
        return;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        this.#set({ problem });
        if (!problem.isTransient) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #set(change: State): void {
    const { problem: _, ...rest } = this.#state;
    this.#state = { ...rest, ...change };
    if (!this.#abort.signal.aborted) this.show(this.#state);
  }
}
