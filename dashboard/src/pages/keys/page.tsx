// API keys: who has which, making one, ending one. A secret is shown once, here, and kept nowhere.
import { useState } from "react";
import { ask } from "../../api/client";
import { ApiError } from "../../api/errors";
import { ApiKeysDocument, type ApiKeysQuery, RevokeApiKeyDocument } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { CopyButton, Instant } from "../../components/values";
import { serverNow, useNow } from "../../state/now";
import { useMay, useOrganization, useViewer } from "../../state/viewer";
import { CreateKey, type MadeKey } from "./create-key";

type Key = ApiKeysQuery["apiKeys"][number];

export default function KeysPage() {
  if (!useMay("ADMIN")) {
    return (
      <>
        <PageTitle title="API keys" />
        <EmptyState
          title="Your key has no access to API keys"
          command="trackstore keys create NAME --organization acme --scope read"
        >
          Keys are managed with the scope ADMIN, or on the server with:
        </EmptyState>
      </>
    );
  }
  return <Keys />;
}

function Keys() {
  const { data, problem, refresh } = useQuery(ApiKeysDocument, {});
  const [made, setMade] = useState<MadeKey | null>(null);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const organization = useOrganization();
  const keys = data?.apiKeys.filter(
    ({ organizationId }) => organization === null || organizationId === organization,
  );
  const revoke = (key: Key) => {
    if (!confirm(`Revoke ${key.name}? Calls with this key will be rejected. This cannot be undone.`)) return;
    ask(RevokeApiKeyDocument, { id: key.uuid }).then(
      () => refresh(),
      (error: unknown) => setRefused(error as ApiError),
    );
  };
  return (
    <>
      <PageTitle title="API keys" sub="A secret is shown once, when its key is created" />
      {made ? <Secret made={made} onDone={() => setMade(null)} /> : null}
      {(refused ?? problem) ? (
        <ErrorState problem={(refused ?? problem) as ApiError} retry={refresh} />
      ) : null}
      <CreateKey
        onMade={(key) => {
          setMade(key);
          refresh();
        }}
      />
      <Card title="Keys" note="newest first">
        {keys === undefined ? (
          <Loading lines={6} />
        ) : keys.length === 0 ? (
          <EmptyState title="No keys yet">
            Without a key, the server accepts calls from its own machine only. After the first key is created
            and the server restarted, every caller needs a key.
          </EmptyState>
        ) : (
          <Table
            caption="API keys"
            columns={[...COLUMNS, revoking(revoke, useViewerKey())]}
            rows={keys}
            rowKey={({ uuid }) => uuid}
          />
        )}
      </Card>
    </>
  );
}

function Secret({ made, onDone }: { made: MadeKey; onDone: () => void }) {
  return (
    <section className="card secret" aria-label="New key" role="status">
      <p>
        <strong>{made.name}</strong> was created. Copy its secret now: it is not shown again.
      </p>
      <div className="command">
        <pre tabIndex={0}>{made.secret}</pre>
        <CopyButton text={made.secret} what="secret" />
      </div>
      <p className="muted small">Send it as Authorization: Bearer SECRET.</p>
      <button type="button" onClick={onDone}>
        Done
      </button>
    </section>
  );
}

function stateOf({ revokedAt, expiresAt }: Key): "active" | "revoked" | "expired" {
  if (revokedAt) return "revoked";
  return expiresAt && Date.parse(expiresAt) <= serverNow() ? "expired" : "active";
}

/** A key that expires while one looks is shown as expired. */
function KeyState({ value }: { value: Key }) {
  useNow(Boolean(value.expiresAt));
  const state = stateOf(value);
  return <span className={`badge ${state === "active" ? "good" : "calm"}`}>{state}</span>;
}

const COLUMNS: Column<Key>[] = [
  { key: "name", title: "Name", cell: ({ name }) => name, sort: ({ name }) => name },
  {
    key: "state",
    title: "State",
    cell: (key) => <KeyState value={key} />,
    sort: stateOf,
  },
  {
    key: "bounds",
    title: "Access",
    cell: ({ organizationId, namespaceId, workspaceId }) =>
      organizationId === "*"
        ? "all organizations"
        : [organizationId, namespaceId, workspaceId].filter(Boolean).join(" / "),
    sort: ({ organizationId }) => organizationId,
  },
  {
    key: "scopes",
    title: "Scopes",
    wide: true,
    cell: ({ scopes }) => scopes.join(", ").toLowerCase(),
  },
  { key: "hint", title: "Key", wide: true, cell: ({ hint }) => <code>…{hint}</code> },
  {
    key: "created",
    title: "Created",
    wide: true,
    cell: ({ createdAt }) => <Instant value={createdAt} relative />,
    sort: ({ createdAt }) => createdAt,
  },
  {
    key: "ends",
    title: "Expires",
    wide: true,
    cell: ({ expiresAt, revokedAt }) => <Instant value={revokedAt ?? expiresAt} relative />,
    sort: ({ expiresAt, revokedAt }) => revokedAt ?? expiresAt,
  },
];

function revoking(revoke: (key: Key) => void, own: string | null): Column<Key> {
  return {
    key: "revoke",
    title: "",
    align: "right",
    cell: (key) =>
      stateOf(key) === "active" ? (
        <button
          type="button"
          className="danger"
          onClick={() => revoke(key)}
          title={key.uuid === own ? "You are signed in with this key" : undefined}
          aria-label={`Revoke ${key.name}`}
        >
          Revoke
        </button>
      ) : null,
  };
}

function useViewerKey(): string | null {
  return useViewer().keyId;
}
