// Batches items between animation frames, so that many small updates become few renders.

const HIDDEN_DELAY_MS = 1_000;

export interface Batcher<Item> {
  add: (item: Item) => void;
  stop: () => void;
}

/**
 * Deliver added items at most once per animation frame, or once a second while the page is hidden and has no
 * frames. If `maxItems` items are pending, they are delivered immediately.
 */
export function batch<Item>(deliver: (items: Item[]) => void, maxItems = 5_000): Batcher<Item> {
  let pending: Item[] = [];
  let cancel: (() => void) | undefined;
  const flush = () => {
    cancel?.();
    cancel = undefined;
    const items = pending;
    pending = [];
    if (items.length > 0) deliver(items);
  };
  const schedule = () => {
    if (document.hidden) {
      const timer = setTimeout(flush, HIDDEN_DELAY_MS);
      return () => clearTimeout(timer);
    }
    const frame = requestAnimationFrame(flush);
    return () => cancelAnimationFrame(frame);
  };
  return {
    add: (item) => {
      pending.push(item);
      if (pending.length >= maxItems) flush();
      else cancel ??= schedule();
    },
    stop: () => {
      cancel?.();
      pending = [];
    },
  };
}
