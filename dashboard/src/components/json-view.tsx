// Displays JSON, with multi-line strings as text.
import { CopyButton } from "./values";
import { writeJson } from "../api/json";

/** Display any JSON value. Multi-line strings of an object, such as tracebacks, are shown as text. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const text = writeJson(value, 2);
  const [remainder, blocks] = splitTextBlocks(value);
  return (
    <div className="json">
      <CopyButton text={text} label={label} />
      {remainder === undefined ? null : (
        <pre tabIndex={0} aria-label={label}>
          {writeJson(remainder, 2)}
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

/** Split the multi-line strings of an object from its other values. */
export function splitTextBlocks(value: unknown): [unknown, [string, string][]] {
  if (typeof value === "string" && value.includes("\n")) return [undefined, [["text", value]]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [value, []];
  const entries = Object.entries(value);
  const blocks = entries.filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].includes("\n"),
  );
  const remainder = entries.filter(([name]) => !blocks.some(([block]) => block === name));
  return [remainder.length > 0 || blocks.length === 0 ? Object.fromEntries(remainder) : undefined, blocks];
}
