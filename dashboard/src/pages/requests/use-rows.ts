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

const PAGE_SIZE = 50;
const REFETCH_DELAY_MS = 700;
/** With more changed requests than this, the list is read again instead. */
const MAX_CHANGED_REQUESTS = 100;
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
    const [filter, eventFilter] = parseJson(key) as [RequestFilter, EventFilter];
    const liveList = new LiveList(filter, eventFilter, setState);
    list.current = liveList;
    setState({});
    void liveList.start();
    return () => liveList.stop();
  }, [key]);
  const loadMore = useCallback(() => void list.current?.loadMore(), []);
  const { rows, total, problem, more = false } = state;
  return { rows, total, problem, loadMore, more: more && (rows?.length ?? 0) < MAX_ROWS };
}

/** A list with one filter. */
class LiveList {
  #state: State = {};
  #cursor: string | null = null;
  /** Maximum number of rows shown; new rows push out the last ones. */
  #maxRows = PAGE_SIZE;
  #changedIds = new Set<string>();
  #hasGap = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(
    private readonly where: RequestFilter,
    private readonly events: EventFilter,
    private readonly onChange: (state: State) => void,
  ) {}

  /** Read the cursor of the feed together with the first page, so that no event in between is missed. */
  async start(): Promise<void> {
    await this.#readPage();
    if (this.#abort.signal.aborted) return;
    this.#unsubscribe = subscribe(RequestEventsDocument, {
      variables: () => ({ where: this.events, after: this.#cursor }),
      onData: ({ requestEvents: item }) => {
        if ("toCursor" in item) {
          this.#cursor = item.toCursor;
          this.#hasGap = true;
        } else {
          this.#cursor = item.feedCursor ?? this.#cursor;
          if (this.#changedIds.size <= MAX_CHANGED_REQUESTS) this.#changedIds.add(item.requestId);
        }
        this.#timer ??= setTimeout(() => void this.#refetchChanged(), REFETCH_DELAY_MS);
      },
    });
  }

  /** Read the whole list again with one more page, because its rows may have changed. */
  async loadMore(): Promise<void> {
    this.#maxRows = Math.min(MAX_ROWS, this.#maxRows + PAGE_SIZE);
    await this.#readPage();
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
  }

  async #readPage(): Promise<void> {
    await this.#withRetry(async () => {
      const variables = { where: this.where, first: this.#maxRows };
      const { feedCursors, requests } = await execute(RequestListDocument, variables, this.#abort.signal);
      this.#cursor ??= feedCursors.requestEvents;
      this.#set({
        rows: requests.nodes,
        more: requests.pageInfo.hasNextPage,
        total: Number(requests.totalCount),
      });
    });
  }

  /** Read changed requests and update their rows; those that no longer match are removed. */
  async #refetchChanged(): Promise<void> {
    const changedIds = this.#changedIds;
    const tooMany = this.#hasGap || changedIds.size > MAX_CHANGED_REQUESTS;
    this.#changedIds = new Set();
    this.#hasGap = false;
    if (tooMany) await this.#readPage();
    else {
      await this.#withRetry(async () => {
        const where = { and: [this.where, { id: { in: [...changedIds] } }] };
        const data = await execute(RequestRowsDocument, { where }, this.#abort.signal);
        this.#merge(changedIds, data.requests.nodes);
      });
    }
    this.#timer =
      this.#changedIds.size > 0 || this.#hasGap
        ? setTimeout(() => void this.#refetchChanged(), REFETCH_DELAY_MS)
        : undefined;
  }

  #merge(changedIds: ReadonlySet<string>, matchingRows: readonly RequestRow[]): void {
    const { rows: previousRows = [], more = false, total = previousRows.length } = this.#state;
    const mergedRows = mergeRows(previousRows, changedIds, matchingRows, more);
    this.#set({
      rows: mergedRows.slice(0, this.#maxRows),
      more: more || mergedRows.length > this.#maxRows,
      total: Math.max(mergedRows.length, total + mergedRows.length - previousRows.length),
    });
  }

  /** Retry transient errors until the list is closed. */
  async #withRetry(attempt: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await attempt();
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
    if (!this.#abort.signal.aborted) this.onChange(this.#state);
  }
}
