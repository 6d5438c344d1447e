// The filters of the list. They are stored in the address, so it can be shared.
import { type FormEvent, useEffect, useState } from "react";
import { RequestTypesDocument } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { sentenceCase } from "../../format";
import { setQuery } from "../../router";
import { useScope } from "../../state/scope";
import { type ListFilters, STATUSES } from "./filter";

const STATUS_OPTIONS = [
  { value: "", text: "Any status" },
  { value: "ACTIVE", text: "Active" },
  ...STATUSES.map((status) => ({ value: status as string, text: sentenceCase(status) })),
];

export function Filters({ filters }: { filters: ListFilters }) {
  const scope = useScope();
  const { data } = useQuery(RequestTypesDocument, { where: scope.requests });
  const names = new Set(data?.requestStats.rows.map((row) => row.key.type ?? ""));
  if (filters.type) names.add(filters.type);
  const types = [...names].sort().map((name) => ({ value: name, text: name }));
  return (
    <div className="filters" role="search" aria-label="Requests">
      <Search current={filters.search} />
      <Choice
        label="Status"
        options={STATUS_OPTIONS}
        value={filters.status ?? ""}
        onChoose={(status) => setQuery({ status })}
      />
      <Choice
        label="Type"
        options={[{ value: "", text: "Any type" }, ...types]}
        value={filters.type ?? ""}
        onChoose={(type) => setQuery({ type })}
      />
      {filters.status || filters.type || filters.search ? (
        <button type="button" onClick={() => setQuery({ status: null, type: null, search: null })}>
          Clear
        </button>
      ) : null}
    </div>
  );
}

const DEBOUNCE_MS = 350;

/** Search after a pause in typing, or immediately on Enter. */
function Search({ current }: { current: string }) {
  const [text, setText] = useState(current);
  useEffect(() => setText(current), [current]);
  useEffect(() => {
    if (text.trim() === current) return;
    const timer = setTimeout(() => setQuery({ search: text.trim() }), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text, current]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setQuery({ search: text.trim() });
  };
  return (
    <form className="search" onSubmit={submit}>
      <Icon name="search" size={14} />
      <input
        type="search"
        aria-label="Id, correlation id or title"
        placeholder="Id, correlation id or title"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}
