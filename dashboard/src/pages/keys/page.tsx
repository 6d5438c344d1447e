// API keys: lists, creates and revokes them. A secret is shown once and not stored.
import { useState } from "react";
import { execute } from "../../api/client";
import { ApiError } from "../../api/errors";
import { ApiKeysDocument, type ApiKeysQuery, RevokeApiKeyDocument } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { CopyButton, Instant } from "../../components/values";
import { serverNow, useNow } from "../../state/now";
import { useHasScope, useOrganization, useViewer } from "../../state/viewer";
import { CreateKey, type CreatedKey } from "./create-key";

type Key = ApiKeysQuery["apiKeys"][number];

export default function KeysPage() {
  if (!useHasScope("ADMIN")) {
    return (
      <>
        <PageTitle title="API keys" />
        <EmptyState
          title="Your key cannot manage API keys"
          command="trackstore keys create NAME --organization acme --scope read"
        >
          Managing keys requires the scope ADMIN. On the server, create one with:
        </EmptyState>
      </>
    );
  }
  return <Keys />;
}

function Keys() {
  const { data, problem, refresh } = useQuery(ApiKeysDocument, {});
  const [createdKey, setCreatedKey] = useState<CreatedKey | null>(null);
  const [revokeError, setRevokeError] = useState<ApiError | null>(null);
  const organization = useOrganization();
  const keys = data?.apiKeys.filter(
    ({ organizationId }) => organization === null || organizationId === organization,
  );
  const revoke = (key: Key) => {
    if (!confirm(`Revoke ${key.name}? Calls with this key will be rejected. This cannot be undone.`)) return;
    execute(RevokeApiKeyDocument, { id: key.uuid }).then(
      () => refresh(),
      (error: unknown) => setRevokeError(error as ApiError),
    );
  };
  return (
    <>
      <PageTitle title="API keys" sub="A secret is shown once, when its key is created" />
      {createdKey ? <Secret createdKey={createdKey} onDone={() => setCreatedKey(null)} /> : null}
      {(revokeError ?? problem) ? (
        <ErrorState problem={(revokeError ?? problem) as ApiError} retry={refresh} />
      ) : null}
      <CreateKey
        onCreated={(key) => {
          setCreatedKey(key);
          refresh();
        }}
      />
      <Card title="Keys" note="newest first">
        {keys === undefined ? (
          <Loading lines={6} />
        ) : keys.length === 0 ? (
          <EmptyState title="No keys yet">
            Without keys, the server accepts calls from its own machine only. After you create the first key
            and restart the server, every caller needs one.
          </EmptyState>
        ) : (
          <Table
            caption="API keys"
            columns={[...COLUMNS, revokeColumn(revoke, useViewerKey())]}
            rows={keys}
            rowKey={({ uuid }) => uuid}
          />
        )}
      </Card>
    </>
  );
}

function Secret({ createdKey, onDone }: { createdKey: CreatedKey; onDone: () => void }) {
  return (
    <section className="card secret" aria-label="New key" role="status">
      <p>
        <strong>{createdKey.name}</strong> was created. Copy its secret now: it is not shown again.
      </p>
      <div className="command">
        <pre tabIndex={0}>{createdKey.secret}</pre>
        <CopyButton text={createdKey.secret} label="secret" />
      </div>
      <p className="muted small">Send it in the header Authorization: Bearer SECRET.</p>
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

/** The state of a key, updated when it expires. */
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

function revokeColumn(revoke: (key: Key) => void, viewerKey: string | null): Column<Key> {
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
          title={key.uuid === viewerKey ? "You are signed in with this key" : undefined}
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
