// The installation: version, database, health, viewer and endpoints.
import { useEffect, useState } from "react";
import { AboutDocument, type AboutQuery } from "../../api/generated";
import { useQuery } from "../../api/use-query";
import { usePolling } from "../../api/use-polling";
import { Icon } from "../../components/icons";
import { Card, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { Instant } from "../../components/values";
import { count } from "../../format";
import { useViewer } from "../../state/viewer";

const POLL_INTERVAL_MS = 5_000;

export default function AboutPage() {
  const { data, problem, refresh } = useQuery(AboutDocument, {});
  usePolling(refresh, POLL_INTERVAL_MS);
  return (
    <>
      <PageTitle title="About" sub="Server, database and health" />
      {problem ? <ErrorState problem={problem} retry={refresh} /> : null}
      {data ? (
        <div className="grid">
          <Installation about={data.about} />
          <Health />
          <CurrentKey />
          <Endpoints />
        </div>
      ) : problem ? null : (
        <Loading lines={8} />
      )}
    </>
  );
}

function Installation({ about }: { about: AboutQuery["about"] }) {
  const { database } = about;
  return (
    <Card title="Installation">
      <dl className="facts">
        <dt>Trackstore</dt>
        <dd>{about.version}</dd>
        <dt>Database</dt>
        <dd>
          {database.kind} {database.version}
        </dd>
        <dt>Migration</dt>
        <dd>
          {database.migration}{" "}
          <span className="muted">
            {database.isCurrent ? "latest" : `the latest is ${database.newestMigration}`}
          </span>
        </dd>
        <dt>Started</dt>
        <dd>
          <Instant value={about.startedAt} /> <span className="muted">this process</span>
        </dd>
        <dt>Queued writes</dt>
        <dd>{count(about.queuedEntries)} entries</dd>
        <dt>Server time</dt>
        <dd>
          <Instant value={about.now} />
        </dd>
      </dl>
    </Card>
  );
}

interface Readiness {
  status: "ready" | "unready";
  reasons?: string[];
  checks: { name: string; ok: boolean; ms: number; note?: string }[];
}

function Health() {
  const [readiness, setReadiness] = useState<Readiness | "unreachable">();
  const load = () =>
    void fetch("/readyz")
      .then((response) => response.json() as Promise<Readiness>)
      .then(setReadiness, () => setReadiness("unreachable"));
  useEffect(load, []);
  usePolling(load, POLL_INTERVAL_MS);
  return (
    <Card title="Health" note="as reported by /readyz">
      {readiness === undefined ? (
        <Loading />
      ) : readiness === "unreachable" ? (
        <p className="padded">The server does not respond.</p>
      ) : (
        <ul className="checks padded">
          {readiness.checks.map(({ name, ok, ms, note }) => (
            <li key={name}>
              <span className={`badge ${ok ? "good" : "bad"}`}>
                <Icon name={ok ? "check" : "cross"} size={12} />
                {ok ? "ready" : "not ready"}
              </span>{" "}
              {name} <span className="muted">{note ?? `${ms} ms`}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function CurrentKey() {
  const viewer = useViewer();
  const bounds = [
    viewer.organizationId && `organization ${viewer.organizationId}`,
    viewer.namespaceId && `namespace ${viewer.namespaceId}`,
    viewer.workspaceId && `workspace ${viewer.workspaceId}`,
  ].filter(Boolean);
  return (
    <Card title="Your access">
      <dl className="facts">
        <dt>Key</dt>
        <dd>{viewer.name}</dd>
        <dt>Scopes</dt>
        <dd>{viewer.scopes.join(", ").toLowerCase()}</dd>
        <dt>Access</dt>
        <dd>{bounds.length > 0 ? bounds.join(", ") : "all organizations"}</dd>
      </dl>
    </Card>
  );
}

function Endpoints() {
  return (
    <Card title="Endpoints">
      <ul className="padded plain">
        <li>
          <a href="/graphql">/graphql</a> <span className="muted">API and IDE</span>
        </li>
        <li>
          <code>/export</code> <span className="muted">lists as CSV, JSON Lines or Parquet</span>
        </li>
        <li>
          <a href="/metrics">/metrics</a> <span className="muted">for Prometheus</span>
        </li>
        <li>
          <a href="/readyz">/readyz</a> <span className="muted">for load balancers</span>
        </li>
      </ul>
    </Card>
  );
}
