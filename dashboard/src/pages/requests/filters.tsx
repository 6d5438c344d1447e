// What the list is narrowed to. Every choice stands in the address, so that it can be shared.
import { type FormEvent, useEffect, useState } from "react";
import { RequestTypesDocument } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { Choice } from "../../components/choice";
import { Icon } from "../../components/icons";
import { words } from "../../format";
import { setQuery } from "../../router";
import { useScope } from "../../state/scope";
import { type ListChoice, STATUSES } from "./filter";

const STATUS_OPTIONS = [
  { value: "", text: "Any status" },
  { value: "ACTIVE", text: "Active (not ended)" },
  ...STATUSES.map((status) => ({ value: status as string, text: words(status) })),
];

export function Filters({ choice }: { choice: ListChoice }) {
  const scope = useScope();
  const { data } = useQuery(RequestTypesDocument, { where: scope.requests });
  const names = new Set(data?.requestStats.rows.map((row) => row.key.type ?? ""));
  if (choice.type) names.add(choice.type);
  const types = [...names].sort().map((name) => ({ value: name, text: name }));
  return (
    <div className="filters" role="search" aria-label="Requests">
      <Search present={choice.search} />
      <Choice
        label="Status"
        options={STATUS_OPTIONS}
        value={choice.status ?? ""}
        onChoose={(status) => setQuery({ status })}
      />
      <Choice
        label="Type"
        options={[{ value: "", text: "Any type" }, ...types]}
        value={choice.type ?? ""}
        onChoose={(type) => setQuery({ type })}
      />
      {choice.status || choice.type || choice.search ? (
        <button type="button" onClick={() => setQuery({ status: null, type: null, search: null })}>
          Clear
        </button>
      ) : null}
    </div>
  );
}

const PAUSE_MS = 350;

/** Looks for what was typed after a pause, at once on Enter. */
function Search({ present }: { present: string }) {
  const [text, setText] = useState(present);
  useEffect(() => setText(present), [present]);
  useEffect(() => {
    if (text.trim() === present) return;
    const timer = setTimeout(() => setQuery({ search: text.trim() }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, present]);
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
