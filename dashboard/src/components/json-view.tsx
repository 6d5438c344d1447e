// JSON as people read it: indented, and a text with several lines as lines.
import { CopyButton } from "./values";
import { writeJson } from "../api/json";

/** Any JSON value. Traceback-like texts inside an object are shown as they were written. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const text = writeJson(value, 2);
  const [rest, blocks] = takeBlocks(value);
  return (
    <div className="json">
      <CopyButton text={text} what={label} />
      {rest === undefined ? null : (
        <pre tabIndex={0} aria-label={label}>
          {writeJson(rest, 2)}
        </pre>
      )}
      {blocks.map(([name, block]) => (
        <div key={name} className="block">
          <span className="muted">{name}</span>
          <pre tabIndex={0} aria-label={name}>
            {block}
          </pre>
        </div>
      ))}
    </div>
  );
}

/** Texts of several lines at the top of an object, apart from the rest of it. */
export function takeBlocks(value: unknown): [unknown, [string, string][]] {
  if (typeof value === "string" && value.includes("\n")) return [undefined, [["text", value]]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [value, []];
  const entries = Object.entries(value);
  const blocks = entries.filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].includes("\n"),
  );
  const rest = entries.filter(([name]) => !blocks.some(([block]) => block === name));
  return [rest.length > 0 || blocks.length === 0 ? Object.fromEntries(rest) : undefined, blocks];
}
