// Batches items between animation frames, so that many small updates become few renders.

const HIDDEN_MS = 1_000;

export interface Batcher<Item> {
  add: (item: Item) => void;
  stop: () => void;
}

/**
 * Hand on what was added, at most once per animation frame; once a second where the page is in the background,
 * because there are no frames there. Never more than `most` wait: then they are handed on at once.
 */
export function batch<Item>(handOn: (items: Item[]) => void, most = 5_000): Batcher<Item> {
  let waiting: Item[] = [];
  let cancel: (() => void) | undefined;
  const flush = () => {
    cancel?.();
    cancel = undefined;
    const items = waiting;
    waiting = [];
    if (items.length > 0) handOn(items);
  };
  const schedule = () => {
    if (document.hidden) {
      const timer = setTimeout(flush, HIDDEN_MS);
      return () => clearTimeout(timer);
    }
    const frame = requestAnimationFrame(flush);
    return () => cancelAnimationFrame(frame);
  };
  return {
    add: (item) => {
      waiting.push(item);
      if (waiting.length >= most) flush();
      else cancel ??= schedule();
    },
    stop: () => {
      cancel?.();
      waiting = [];
    },
  };
}
