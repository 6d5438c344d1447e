// Circuit breakers as their services report them, with what should be known of them and how they came there.
import { useState } from "react";
import { BreakersDocument, type BreakersSubscription } from "../../api/generated";
import { useLive } from "../../api/use-live";
import { Icon } from "../../components/icons";
import { Card, EmptyState, ErrorState, Loading, PageTitle, Stat } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { Instant, StatusBadge } from "../../components/values";
import { count, share, words } from "../../format";
import { useScope } from "../../state/scope";
import { useOrganization } from "../../state/viewer";

type Breaker = BreakersSubscription["circuitBreakersLive"][number];
type Transition = Breaker["transitions"][number];
type Instance = Breaker["instances"][number];

const REPORT = `mutation {
  reportCircuitBreaker(input: {
    name: "renderer", state: OPEN, totalCalls: 120, totalFailures: 31
  }) { status }
}`;

export default function BreakersPage() {
  const { breakers: where } = useScope();
  const { data, problem } = useLive(BreakersDocument, { where });
  const [chosen, setChosen] = useState<string | null>(null);
  const all = data?.circuitBreakersLive;
  const shown =
    all?.find(({ id }) => id === chosen) ?? all?.find(({ state }) => state !== "CLOSED") ?? all?.[0];
  return (
    <>
      <PageTitle title="Breakers" sub="As last reported by their services" />
      {problem ? <ErrorState problem={problem} /> : null}
      {!all ? (
        problem ? null : (
          <Loading lines={8} />
        )
      ) : all.length === 0 ? (
        <EmptyState title="No circuit breakers reported yet" command={REPORT}>
          A service reports state and totals of its breakers with this mutation, or through the SDK:
        </EmptyState>
      ) : (
        <>
          <Figures breakers={all} />
          <Warnings breakers={all} />
          <BreakersCard breakers={all} onOpen={(breaker) => setChosen(breaker.id)} />
          {shown && shown.instances.some(({ instance }) => instance !== null) ? (
            <InstancesCard breaker={shown} />
          ) : null}
          {shown ? <TransitionsCard breaker={shown} /> : null}
        </>
      )}
    </>
  );
}

function Figures({ breakers }: { breakers: Breaker[] }) {
  const calls = breakers.reduce((sum, { totalCalls }) => sum + Number(totalCalls), 0);
  const failures = breakers.reduce((sum, { totalFailures }) => sum + Number(totalFailures), 0);
  const of = (state: Breaker["state"]) => breakers.filter((breaker) => breaker.state === state).length;
  return (
    <dl className="stats">
      <Stat label="Open" value={count(of("OPEN"))} {...(of("OPEN") > 0 ? { tone: "bad" as const } : {})} />
      <Stat
        label="Half open"
        value={count(of("HALF_OPEN"))}
        {...(of("HALF_OPEN") > 0 ? { tone: "warn" as const } : {})}
      />
      <Stat label="Closed" value={count(of("CLOSED"))} />
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
const OF_ORGANIZATION: Column<Breaker> = {
  key: "organization",
  title: "Organization",
  wide: true,
  cell: ({ organizationId }) => organizationId,
  sort: ({ organizationId }) => organizationId,
};

function BreakersCard({ breakers, onOpen }: { breakers: Breaker[]; onOpen: (breaker: Breaker) => void }) {
  const all = useOrganization() === null;
  return (
    <Card title="All breakers" note="select one for its history">
      <Table
        caption="Circuit breakers"
        columns={all ? [...COLUMNS.slice(0, 1), OF_ORGANIZATION, ...COLUMNS.slice(1)] : COLUMNS}
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
    <Card title={`Processes of ${breaker.name}`} note="worst state, total counts">
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
    cell: ({ fromState }) => (fromState ? words(fromState) : "first report"),
  },
  { key: "to", title: "To", cell: ({ toState }) => <StatusBadge status={toState} /> },
  {
    key: "failures",
    title: "Failed calls at that time",
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
