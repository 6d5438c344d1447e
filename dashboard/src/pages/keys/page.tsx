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
          title="Your key may not see keys"
          command="trackstore keys create NAME --organization acme --scope read"
        >
          Keys are made by callers with the scope ADMIN, and by whoever runs the server:
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
    if (!confirm(`Revoke ${key.name}? Whoever uses it is refused from now on. This cannot be undone.`))
      return;
    ask(RevokeApiKeyDocument, { id: key.uuid }).then(
      () => refresh(),
      (error: unknown) => setRefused(error as ApiError),
    );
  };
  return (
    <>
      <PageTitle title="API keys" sub="A secret is shown once, when its key is made" />
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
          <EmptyState title="There is no key yet">
            Without one, the server is open to programs on its own machine only. Once there is one, it asks
            every caller for a key from its next start on.
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
    <section className="card secret" aria-label="The new key" role="status">
      <p>
        <strong>{made.name}</strong> is made. Keep its secret now: it is not shown again.
      </p>
      <div className="command">
        <pre tabIndex={0}>{made.secret}</pre>
        <CopyButton text={made.secret} what="secret" />
      </div>
      <p className="muted small">Programs send it as Authorization: Bearer SECRET.</p>
      <button type="button" onClick={onDone}>
        I have kept it
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
    title: "Sees",
    cell: ({ organizationId, namespaceId, workspaceId }) =>
      organizationId === "*"
        ? "every organization"
        : [organizationId, namespaceId, workspaceId].filter(Boolean).join(" / "),
    sort: ({ organizationId }) => organizationId,
  },
  {
    key: "scopes",
    title: "May",
    wide: true,
    cell: ({ scopes }) => scopes.join(", ").toLowerCase(),
  },
  { key: "hint", title: "Ends in", wide: true, cell: ({ hint }) => <code>…{hint}</code> },
  {
    key: "created",
    title: "Made",
    wide: true,
    cell: ({ createdAt }) => <Instant value={createdAt} relative />,
    sort: ({ createdAt }) => createdAt,
  },
  {
    key: "ends",
    title: "Ends",
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
          title={key.uuid === own ? "This is the key you are signed in with" : undefined}
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
