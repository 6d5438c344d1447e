// Tracebacks are shown as text, everything else as JSON.
import { expect, it } from "vitest";
import { render, texts } from "../testing";
import { JsonView } from "./json-view";

it("shows multi-line strings as text", () => {
  const { container } = render(
    <JsonView label="Details" value={{ type: "KeyError", traceback: "File a\n  line 3" }} />,
  );
  expect(texts(container, "pre")).toEqual(['{\n  "type": "KeyError"\n}', "File a\n  line 3"]);
});

it("shows other values as JSON", () => {
  const { container } = render(<JsonView label="Details" value={[1, 2]} />);
  expect(texts(container, "pre")).toEqual(["[\n  1,\n  2\n]"]);
});

it("shows every digit of integers", () => {
  const { container } = render(<JsonView label="Details" value={{ n: 9007199254740993n }} />);
  expect(texts(container, "pre")).toEqual(['{\n  "n": 9007199254740993\n}']);
});
