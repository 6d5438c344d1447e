// Addresses keep the range and organization, and paths match their pages.
import { beforeEach, describe, expect, it } from "vitest";
import { click, render } from "./testing";
import { Link, navigate, setQuery, usePath, withContext } from "./router";
import { findRoute } from "./routes";

beforeEach(() => navigate("/", { replace: true }));

describe("addresses", () => {
  it("keep the range and the organization, and nothing else", () => {
    navigate("/requests?range=7d&organization=acme&status=FAILED");
    expect(withContext("/")).toBe("/?range=7d&organization=acme");
    expect(withContext("/requests?status=RUNNING")).toBe(
      "/requests?status=RUNNING&range=7d&organization=acme",
    );
  });

  it("lose a choice that is taken back", () => {
    navigate("/requests?type=lesson&status=FAILED");
    setQuery({ status: null, type: "clip" });
    expect(location.search).toBe("?type=clip");
  });
});

it("finds the page of a path, with its parameter", () => {
  expect(findRoute("/requests/01a1")?.parameter).toBe("01a1");
  expect(findRoute("/requests")?.parameter).toBeNull();
  expect(findRoute("/requests/a/b")).toBeNull();
});

it("follows a link without a reload", () => {
  const Here = () => (
    <Link to="/requests">
      <b>{usePath()}</b>
    </Link>
  );
  const { container } = render(<Here />);
  click(container.querySelector("b"));
  expect(container.textContent).toBe("/requests");
});
