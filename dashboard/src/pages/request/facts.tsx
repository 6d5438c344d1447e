// The main properties of a request.
import { type ReactNode, useRef } from "react";
import { Duration, Id, Instant, Progress, StatusBadge } from "../../components/values";
import { duration } from "../../format";
import { serverNow, useNow } from "../../state/now";
import type { RequestNow } from "./use-request";

export function Facts({ request }: { request: RequestNow }) {
  const isActive = request.endedAt === null;
  return (
    <section className="card request-facts" aria-label="Request details">
      <dl>
        <Fact name="Status">
          <StatusBadge status={request.status} />
        </Fact>
        <Fact name="Progress">
          <Progress value={request.progress} label="Progress of the request" />
        </Fact>
        <Fact name={isActive ? "Time left" : "Duration"}>
          {isActive ? <TimeLeft request={request} /> : <Duration ms={request.durationMs} />}
        </Fact>
        <Fact name="Stage">{request.currentStage ?? <span className="muted">–</span>}</Fact>
        <Fact name="Type">{request.type}</Fact>
        <Fact name="Created">
          <Instant value={request.createdAt} />
        </Fact>
        <Fact name="Started">
          <Instant value={request.startedAt} />
        </Fact>
        <Fact name={isActive ? "Last update" : "Ended"}>
          <Instant value={isActive ? (request.lastHeartbeatAt ?? request.updatedAt) : request.endedAt} />
        </Fact>
        <Fact name="Id" long>
          <Id value={request.uuid} />
        </Fact>
        {request.correlationId === request.uuid ? null : (
          <Fact name="Correlation id" long>
            <Id value={request.correlationId} />
          </Fact>
        )}
        <Labels request={request} />
      </dl>
    </section>
  );
}

function Fact({ name, long = false, children }: { name: string; long?: boolean; children: ReactNode }) {
  return (
    <div className={long ? "long" : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The estimated remaining time; unknown without earlier runs to estimate from. */
export function TimeLeft({ request }: { request: RequestNow }) {
  const now = useNow(true);
  const estimate = useRef({ request, at: now });
  if (estimate.current.request !== request) estimate.current = { request, at: serverNow() };
  if (request.etaSeconds === null) return <span className="muted">unknown</span>;
  const left = Math.max(0, request.etaSeconds * 1_000 - Math.max(0, now - estimate.current.at));
  return (
    <span title="Estimated from earlier runs of these stages">
      {left === 0 ? "any moment" : `about ${duration(left)}`}
    </span>
  );
}

const LABELS = [
  ["organizationId", "Organization"],
  ["namespaceId", "Namespace"],
  ["workspaceId", "Workspace"],
  ["userId", "User"],
  ["developerId", "Developer"],
  ["apiKeyId", "API key"],
] as const;

function Labels({ request }: { request: RequestNow }) {
  return LABELS.map(([field, name]) => {
    const value = request[field];
    return value === null ? null : (
      <Fact key={field} name={name}>
        <span className="cut" title={value}>
          {value}
        </span>
      </Fact>
    );
  });
}
