// Circuit breakers with their warnings, processes and history.
import { useState } from "react";
import { BreakersDocument, type BreakersSubscription } from "../../api/generated";
import { useLive } from "../../api/use-live";
import { Icon } from "../../components/icons";
import { Card, EmptyState, ErrorState, Loading, PageTitle, Stat } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Instant, StatusBadge } from "../../components/values";
import { count, share, sentenceCase } from "../../format";
import { useScope } from "../../state/scope";
import { useOrganization } from "../../state/viewer";

type Breaker = BreakersSubscription["circuitBreakersLive"][number];
type Transition = Breaker["transitions"][number];
type Instance = Breaker["instances"][number];

const REPORT_EXAMPLE = `mutation {
  reportCircuitBreaker(input: {
    name: "renderer", state: OPEN, totalCalls: 120, totalFailures: 31
  }) { status }
}`;

export default function BreakersPage() {
  const { breakers: where } = useScope();
  const { data, problem } = useLive(BreakersDocument, { where });
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const breakers = data?.circuitBreakersLive;
  const selected =
    breakers?.find(({ id }) => id === selectedId) ??
    breakers?.find(({ state }) => state !== "CLOSED") ??
    breakers?.[0];
  return (
    <>
      <PageTitle title="Breakers" sub="As last reported by your services" />
      {problem ? <ErrorState problem={problem} /> : null}
      {!breakers ? (
        problem ? null : (
          <Loading lines={8} />
        )
      ) : breakers.length === 0 ? (
        <EmptyState title="No circuit breakers reported yet" command={REPORT_EXAMPLE}>
          Services report the state and totals of their breakers with this mutation or with the Python client.
        </EmptyState>
      ) : (
        <>
          <Figures breakers={breakers} />
          <Warnings breakers={breakers} />
          <BreakersCard breakers={breakers} onOpen={(breaker) => setSelectedId(breaker.id)} />
          {selected && selected.instances.some(({ instance }) => instance !== null) ? (
            <InstancesCard breaker={selected} />
          ) : null}
          {selected ? <TransitionsCard breaker={selected} /> : null}
        </>
      )}
    </>
  );
}

function Figures({ breakers }: { breakers: Breaker[] }) {
  const calls = breakers.reduce((sum, { totalCalls }) => sum + Number(totalCalls), 0);
  const failures = breakers.reduce((sum, { totalFailures }) => sum + Number(totalFailures), 0);
  const countOf = (state: Breaker["state"]) => breakers.filter((breaker) => breaker.state === state).length;
  return (
    <dl className="stats">
      <Stat
        label="Open"
        value={count(countOf("OPEN"))}
        {...(countOf("OPEN") > 0 ? { tone: "bad" as const } : {})}
      />
      <Stat
        label="Half open"
        value={count(countOf("HALF_OPEN"))}
        {...(countOf("HALF_OPEN") > 0 ? { tone: "warn" as const } : {})}
      />
      <Stat label="Closed" value={count(countOf("CLOSED"))} />
      <Stat
        label="Failures"
        value={share(calls > 0 ? failures / calls : null)}
        detail={`${count(failures)} of ${count(calls)} calls`}
      />
    </dl>
  );
}

function Warnings({ breakers }: { breakers: Breaker[] }) {
  const warnings = breakers.flatMap(({ id, organizationId, warnings }) =>
    warnings.map((text) => ({ id: `${id} ${text}`, organizationId, text })),
  );
  if (warnings.length === 0) return null;
  return (
    <ul className="warnings">
      {warnings.map(({ id, organizationId, text }) => (
        <li key={id}>
          <Icon name="warning" />
          <span>
            {text} <span className="muted">in {organizationId}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

const COLUMNS: Column<Breaker>[] = [
  {
    key: "name",
    title: "Breaker",
    cell: ({ name }) => name,
    sort: ({ name }) => name,
  },
  {
    key: "state",
    title: "State",
    cell: ({ state }) => <StatusBadge status={state} />,
    sort: ({ state }) => state,
  },
  {
    key: "rate",
    title: "Failure rate",
    align: "right",
    cell: ({ failureRate }) => share(failureRate),
    sort: ({ failureRate }) => failureRate,
  },
  {
    key: "failures",
    title: "Failures",
    align: "right",
    wide: true,
    cell: ({ totalFailures }) => count(totalFailures),
    sort: ({ totalFailures }) => totalFailures,
  },
  {
    key: "calls",
    title: "Calls",
    align: "right",
    wide: true,
    cell: ({ totalCalls }) => count(totalCalls),
    sort: ({ totalCalls }) => totalCalls,
  },
  {
    key: "changed",
    title: "Since",
    cell: ({ changedAt }) => <Instant value={changedAt} relative />,
    sort: ({ changedAt }) => changedAt,
  },
  {
    key: "reported",
    title: "Reported",
    wide: true,
    cell: ({ reportedAt }) => <Instant value={reportedAt} relative />,
    sort: ({ reportedAt }) => reportedAt,
  },
];
const ORGANIZATION_COLUMN: Column<Breaker> = {
  key: "organization",
  title: "Organization",
  wide: true,
  cell: ({ organizationId }) => organizationId,
  sort: ({ organizationId }) => organizationId,
};

function BreakersCard({ breakers, onOpen }: { breakers: Breaker[]; onOpen: (breaker: Breaker) => void }) {
  const showsAllOrganizations = useOrganization() === null;
  return (
    <Card title="All breakers" note="select one to see its history">
      <Table
        caption="Circuit breakers"
        columns={
          showsAllOrganizations ? [...COLUMNS.slice(0, 1), ORGANIZATION_COLUMN, ...COLUMNS.slice(1)] : COLUMNS
        }
        rows={breakers}
        rowKey={({ id }) => id}
        onOpen={onOpen}
        sortedBy="-rate"
      />
    </Card>
  );
}

const INSTANCE_COLUMNS: Column<Instance>[] = [
  {
    key: "instance",
    title: "Process",
    cell: ({ instance }) => <span className="cut">{instance ?? "unnamed"}</span>,
    sort: ({ instance }) => instance ?? "",
  },
  {
    key: "state",
    title: "State",
    cell: ({ state, isLive }) => (isLive ? <StatusBadge status={state} /> : "not reporting"),
    sort: ({ state, isLive }) => (isLive ? state : ""),
  },
  {
    key: "rate",
    title: "Failure rate",
    align: "right",
    cell: ({ failureRate }) => share(failureRate),
    sort: ({ failureRate }) => failureRate,
  },
  {
    key: "failures",
    title: "Failed calls",
    align: "right",
    wide: true,
    cell: ({ totalFailures, totalCalls }) => `${count(totalFailures)} of ${count(totalCalls)}`,
    sort: ({ totalFailures }) => totalFailures,
  },
  {
    key: "reported",
    title: "Reported",
    cell: ({ reportedAt }) => <Instant value={reportedAt} relative />,
    sort: ({ reportedAt }) => reportedAt,
  },
];

function InstancesCard({ breaker }: { breaker: Breaker }) {
  return (
    <Card title={`Processes of ${breaker.name}`} note="worst state and total counts">
      <Table
        caption={`Processes of ${breaker.name}`}
        columns={INSTANCE_COLUMNS}
        rows={breaker.instances}
        rowKey={({ instance }) => instance ?? ""}
        sortedBy="-rate"
      />
    </Card>
  );
}

const TRANSITION_COLUMNS: Column<Transition>[] = [
  {
    key: "at",
    title: "When",
    cell: ({ occurredAt }) => <Instant value={occurredAt} />,
    sort: ({ occurredAt }) => occurredAt,
  },
  {
    key: "from",
    title: "From",
    wide: true,
    cell: ({ fromState }) => (fromState ? sentenceCase(fromState) : "first report"),
  },
  { key: "to", title: "To", cell: ({ toState }) => <StatusBadge status={toState} /> },
  {
    key: "failures",
    title: "Failed calls so far",
    align: "right",
    wide: true,
    cell: ({ totalFailures, totalCalls }) => `${count(totalFailures)} of ${count(totalCalls)}`,
  },
  {
    key: "instance",
    title: "Process",
    wide: true,
    cell: ({ instance }) => <span className="cut">{instance ?? ""}</span>,
  },
  { key: "message", title: "Message", cell: ({ message }) => <span className="cut">{message ?? ""}</span> },
];

function TransitionsCard({ breaker }: { breaker: Breaker }) {
  return (
    <Card title={`Changes of ${breaker.name}`} note={breaker.message}>
      <Table
        caption={`Changes of ${breaker.name}`}
        columns={TRANSITION_COLUMNS}
        rows={breaker.transitions}
        rowKey={({ occurredAt, instance, toState }) => `${occurredAt} ${instance} ${toState}`}
        sortedBy="-at"
      />
    </Card>
  );
}
