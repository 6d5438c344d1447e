// The filters of a query: field, operator and value.
import { useId, useState } from "react";
import { CATALOG } from "../../api/catalog";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { label } from "./answer";
import {
  attributeOf,
  type Filter,
  filterOf,
  hasAttributes,
  kindOf,
  OPERATORS,
  type Source,
} from "./question";

const OPERATOR_LABELS: Record<string, string> = {
  eq: "is",
  ne: "is not",
  contains: "contains",
  startsWith: "starts with",
  isNull: "is empty",
  in: "is one of",
  gte: "≥",
  lte: "≤",
  gt: ">",
  lt: "<",
  exists: "exists",
};
const BOOLEAN_OPTIONS = [
  { value: "true", text: "yes" },
  { value: "false", text: "no" },
];

interface FiltersProps {
  source: Source;
  filters: Filter[];
  onChange: (filters: Filter[]) => void;
}

export function Filters({ source, filters, onChange }: FiltersProps) {
  const change = (index: number, filter: Filter | null) =>
    onChange(
      filters.flatMap((each, position) => (position !== index ? [each] : filter === null ? [] : [filter])),
    );
  return (
    <div className="filters" role="group" aria-label="Filters">
      {filters.map((filter, index) => (
        <FilterRow
          key={`${index} ${filter.field}`}
          source={source}
          filter={filter}
          onChange={(changed) => change(index, changed)}
        />
      ))}
      <AddFilter source={source} onAdd={(filter) => onChange([...filters, filter])} />
    </div>
  );
}

interface RowProps {
  source: Source;
  filter: Filter;
  onChange: (filter: Filter | null) => void;
}

function FilterRow({ source, filter, onChange }: RowProps) {
  const kind = kindOf(source, filter.field) ?? "text";
  const operators = OPERATORS[kind].map((value) => ({
    value: value as string,
    text: OPERATOR_LABELS[value] ?? value,
  }));
  const path = attributeOf(filter.field);
  return (
    <span className="filter">
      {path === null ? (
        <span className="filter-name">{label(filter.field)}</span>
      ) : (
        <TextField
          label="Attribute path"
          value={path}
          placeholder="path.in.attributes"
          onChange={(text) => onChange({ ...filter, field: `attributes.${text}` })}
        />
      )}
      {operators.length > 1 ? (
        <Choice
          label={`Operator for ${label(filter.field)}`}
          options={operators}
          value={filter.operator}
          onChoose={(operator) => onChange({ ...filter, operator })}
        />
      ) : null}
      <FilterValue source={source} filter={filter} onChange={(value) => onChange({ ...filter, value })} />
      <button
        type="button"
        className="icon-button small"
        onClick={() => onChange(null)}
        aria-label={`Remove the filter on ${label(filter.field)}`}
      >
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

function FilterValue({
  source,
  filter,
  onChange,
}: {
  source: Source;
  filter: Filter;
  onChange: (value: string) => void;
}) {
  const kind = kindOf(source, filter.field);
  const name = `Value of ${label(filter.field)}`;
  if (kind === "boolean" || filter.operator === "isNull" || filter.operator === "exists")
    return (
      <Choice label={name} options={BOOLEAN_OPTIONS} value={filter.value || "true"} onChoose={onChange} />
    );
  if (kind === "enum") {
    const selected = filter.value.split(",").filter(Boolean);
    return (
      <span className="enum-values" role="group" aria-label={name}>
        {filterOf(source, filter.field)?.values.map((word) => (
          <button
            key={word}
            type="button"
            aria-pressed={selected.includes(word)}
            onClick={() =>
              onChange(
                (selected.includes(word)
                  ? selected.filter((each) => each !== word)
                  : [...selected, word]
                ).join(","),
              )
            }
          >
            {word.toLowerCase().replaceAll("_", " ")}
          </button>
        ))}
      </span>
    );
  }
  return <TextField label={name} value={filter.value} placeholder="value" onChange={onChange} />;
}

/** A text field that reports its value on Enter and when it loses focus. */
export function TextField({
  label,
  value,
  placeholder,
  onChange,
}: {
  label: string;
  value: string;
  placeholder?: string;
  onChange: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  const commit = () => text !== value && onChange(text.trim());
  return (
    <input
      aria-label={label}
      value={text}
      placeholder={placeholder}
      spellCheck={false}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

function AddFilter({ source, onAdd }: { source: Source; onAdd: (filter: Filter) => void }) {
  const id = useId();
  const fields = CATALOG[source].filters.map(({ name }) => name as string);
  const add = (field: string) => {
    const kind = kindOf(source, field);
    if (kind) onAdd({ field, operator: OPERATORS[kind][0], value: "" });
  };
  return (
    <label className="choice" htmlFor={id}>
      <span className="hidden">Add a filter</span>
      <select id={id} value="" onChange={(event) => add(event.target.value)}>
        <option value="">Add a filter</option>
        {hasAttributes(source) ? <option value="attributes.">an attribute …</option> : null}
        {fields.map((field) => (
          <option key={field} value={field}>
            {label(field)}
          </option>
        ))}
      </select>
    </label>
  );
}
