// How things stand: requests, operations, savings and breakers over the chosen range, against the one before.
import {
  OperationTotalsDocument,
  RequestsOverTimeDocument,
  RequestTotalsDocument,
  TroubleDocument,
} from "../../api/generated";
import { prefetch } from "../../api/prefetch";
import { useRefetchOnEvents } from "../../api/use-refetch-on-events";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { RANGE_BUCKET, RANGE_WORDS, useRange, ZONE } from "../../state/range";
import { scopeIn, useScope } from "../../state/scope";
import { BreakersCard, StagesCard, TypesCard } from "./breakdowns";
import { DurationsChart, OperationsChart, RequestsChart } from "./charts";
import { Figures } from "./figures";
import { StatusCard } from "./status-card";
import { Warnings } from "./warnings";

/** Ask for the first numbers while it is still being found out who looks. */
export function begin(query: URLSearchParams): void {
  const scope = scopeIn(query);
  prefetch(RequestTotalsDocument, { where: scope.requests });
  prefetch(OperationTotalsDocument, { where: scope.operations });
}

export default function OverviewPage() {
  const range = useRange();
  const scope = useScope();
  const requests = useQuery(RequestTotalsDocument, { where: scope.requests });
  const operations = useQuery(OperationTotalsDocument, { where: scope.operations });
  const bucket = { ...RANGE_BUCKET[range], zone: ZONE };
  const overTime = useQuery(RequestsOverTimeDocument, { where: scope.requests, bucket });
  const trouble = useQuery(TroubleDocument, scope);
  const all = [requests, operations, overTime, trouble];
  useRefetchOnEvents(scope.turns, () => all.forEach(({ refresh }) => refresh()));

  const problem = all.find((query) => query.problem)?.problem;
  const nothing =
    requests.data?.requestStats.totals.count === 0 && operations.data?.operationStats.totals.count === 0;
  return (
    <>
      <PageTitle title="Overview" sub={`The ${RANGE_WORDS[range]}, vs. previous period`} />
      {problem ? <ErrorState problem={problem} /> : null}
      {trouble.data ? <Warnings trouble={trouble.data} /> : null}
      {requests.data ? (
        <Figures
          requests={requests.data}
          operations={operations.data}
          breakers={trouble.data?.circuitBreakers}
        />
      ) : problem ? null : (
        <Loading lines={4} />
      )}
      {nothing ? <NothingYet /> : null}
      <div className="grid even">
        <RequestsChart data={overTime.data} />
        <DurationsChart data={overTime.data} />
        <OperationsChart where={scope.operations} bucket={bucket} />
        <StatusCard data={requests.data} />
      </div>
      <div className="grid roomy">
        <TypesCard trouble={trouble.data} />
        <StagesCard trouble={trouble.data} />
        <BreakersCard trouble={trouble.data} />
      </div>
    </>
  );
}

function NothingYet() {
  return (
    <Card title="No data in this range">
      <EmptyState title="Send sample traffic" command="trackstore demo">
        This sends invented requests, tool calls and chats to a server on this machine until it is stopped.
        For your own, wrap your code with the SDK, or send a mutation to /graphql.
      </EmptyState>
    </Card>
  );
}
