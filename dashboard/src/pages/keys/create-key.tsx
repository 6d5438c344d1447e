// The form that creates a key.
import { type FormEvent, useId, useState } from "react";
import { execute } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { type AccessScope, type ApiKeyInput, CreateApiKeyDocument } from "../../api/generated";
import { Choice } from "../../components/choice";
import { Card, ErrorState } from "../../components/surfaces";
import { useOrganization, useViewer } from "../../state/viewer";

export interface CreatedKey {
  name: string;
  secret: string;
}

const SCOPES: { value: AccessScope; text: string }[] = [
  { value: "INGEST", text: "record operations and requests" },
  { value: "READ", text: "read everything" },
  { value: "MANAGE", text: "set limits and prices" },
  { value: "ADMIN", text: "all of these and manage keys" },
];
const LIFETIMES = [
  { value: "", text: "Never expires" },
  { value: "1", text: "Expires in 1 day" },
  { value: "30", text: "Expires in 30 days" },
  { value: "90", text: "Expires in 90 days" },
  { value: "365", text: "Expires in 1 year" },
];
const DAY_MS = 86_400_000;

export function CreateKey({ onCreated }: { onCreated: (key: CreatedKey) => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<AccessScope[]>(["INGEST", "READ"]);
  const [days, setDays] = useState("");
  const bounds = useBounds();
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const input: ApiKeyInput = {
      name: name.trim(),
      scopes,
      ...bounds.input,
      expiresAt: days ? new Date(Date.now() + Number(days) * DAY_MS).toISOString() : null,
    };
    execute(CreateApiKeyDocument, { input })
      .then(
        ({ createApiKey }) => {
          onCreated({ name: createApiKey.apiKey.name, secret: createApiKey.secret });
          setName("");
        },
        (error: unknown) => setProblem(error as ApiError),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Card title="Create key">
      <form className="key-form padded" onSubmit={submit}>
        <NameField value={name} onChange={setName} />
        {bounds.fields}
        <Scopes selected={scopes} onChange={setScopes} />
        <Choice label="Expiration" options={LIFETIMES} value={days} onChoose={setDays} />
        <button type="submit" className="primary" disabled={busy || scopes.length === 0 || !name.trim()}>
          Create key
        </button>
      </form>
      {problem ? <ErrorState problem={problem} /> : null}
    </Card>
  );
}

function NameField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const field = useId();
  return (
    <label htmlFor={field}>
      Name
      <input
        id={field}
        required
        maxLength={200}
        value={value}
        placeholder="website"
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function Scopes({
  selected,
  onChange,
}: {
  selected: AccessScope[];
  onChange: (scopes: AccessScope[]) => void;
}) {
  return (
    <fieldset>
      <legend>Scopes</legend>
      {SCOPES.map(({ value, text }) => (
        <label key={value} title={text}>
          <input
            type="checkbox"
            checked={selected.includes(value)}
            onChange={(event) =>
              onChange(
                event.target.checked ? [...selected, value] : selected.filter((each) => each !== value),
              )
            }
          />
          {value.toLowerCase()} <span className="muted small">{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Fields for the labels of the key; it cannot have more access than the viewer's own key. */
function useBounds() {
  const viewer = useViewer();
  const selected = useOrganization() ?? viewer.homeOrganizationId ?? "";
  const [organization, setOrganization] = useState(selected);
  const [namespace, setNamespace] = useState(viewer.namespaceId ?? "");
  const [workspace, setWorkspace] = useState(viewer.workspaceId ?? "");
  const labels = [
    {
      text: "Organization",
      hint: viewer.organizationId === null ? "acme, or * for all" : "",
      value: organization,
      set: setOrganization,
      fixed: viewer.organizationId !== null,
    },
    {
      text: "Namespace",
      hint: "any",
      value: namespace,
      set: setNamespace,
      fixed: viewer.namespaceId !== null,
    },
    {
      text: "Workspace",
      hint: "any",
      value: workspace,
      set: setWorkspace,
      fixed: viewer.workspaceId !== null,
    },
  ];
  const fields = labels.map(({ text, hint, value, set, fixed }) => (
    <label key={text}>
      {text}
      <input
        value={value}
        placeholder={hint}
        disabled={fixed}
        maxLength={200}
        required={text === "Organization"}
        onChange={(event) => set(event.target.value)}
      />
    </label>
  ));
  const input = {
    organizationId: organization.trim() || null,
    namespaceId: namespace.trim() || null,
    workspaceId: workspace.trim() || null,
  };
  return { fields, input };
}
