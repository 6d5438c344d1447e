// Draws a component into a page of its own, for tests.
import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { afterEach } from "vitest";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** Where it was drawn; drawn again by calling `again`. */
export function draw(node: ReactNode): { place: HTMLElement; again: (node: ReactNode) => void } {
  const place = document.createElement("div");
  document.body.append(place);
  const root = createRoot(place);
  act(() => root.render(node));
  cleanups.push(() => {
    act(() => root.unmount());
    place.remove();
  });
  return { place, again: (next) => act(() => root.render(next)) };
}

export function click(element: Element | null | undefined): void {
  if (!element) throw new Error("there is nothing to click on");
  act(() => element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })));
}

export function press(element: Element | null | undefined, key: string): void {
  if (!element) throw new Error("there is nothing to press a key on");
  act(() => element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
}

/** The texts of all elements that match. */
export function texts(place: ParentNode, selector: string): string[] {
  return [...place.querySelectorAll(selector)].map((element) => element.textContent?.trim() ?? "");
}
