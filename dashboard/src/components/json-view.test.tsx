// A traceback is shown with its lines, the rest as JSON.
import { expect, it } from "vitest";
import { draw, texts } from "../testing";
import { JsonView } from "./json-view";

it("shows texts of several lines as they were written", () => {
  const { place } = draw(
    <JsonView label="Details" value={{ type: "KeyError", traceback: "File a\n  line 3" }} />,
  );
  expect(texts(place, "pre")).toEqual(['{\n  "type": "KeyError"\n}', "File a\n  line 3"]);
});

it("copies the whole of it", () => {
  const { place } = draw(<JsonView label="Details" value={[1, 2]} />);
  expect(texts(place, "pre")).toEqual(["[\n  1,\n  2\n]"]);
});

it("shows every digit of whole numbers", () => {
  const { place } = draw(<JsonView label="Details" value={{ n: 9007199254740993n }} />);
  expect(texts(place, "pre")).toEqual(['{\n  "n": 9007199254740993\n}']);
});
