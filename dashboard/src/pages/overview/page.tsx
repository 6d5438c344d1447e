// The overview: requests, operations, savings and breakers, compared with the previous period.
import {
  OperationTotalsDocument,
  RequestsOverTimeDocument,
  RequestTotalsDocument,
  BreakdownsDocument,
} from "../../api/generated";
import { prefetch } from "../../api/prefetch";
import { useRefetchOnEvents } from "../../api/use-refetch-on-events";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { RANGE_BUCKET, RANGE_LABELS, useRange, ZONE } from "../../state/range";
import { scopeFromQuery, useScope } from "../../state/scope";
import { BreakersCard, StagesCard, TypesCard } from "./breakdowns";
import { DurationsChart, OperationsChart, RequestsChart } from "./charts";
import { Figures } from "./figures";
import { StatusCard } from "./status-card";
import { Warnings } from "./warnings";

/** Send the first queries while the session is still being checked. */
export function preloadData(query: URLSearchParams): void {
  const scope = scopeFromQuery(query);
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
  const breakdowns = useQuery(BreakdownsDocument, scope);
  const queries = [requests, operations, overTime, breakdowns];
  useRefetchOnEvents(scope.requestEvents, () => queries.forEach(({ refresh }) => refresh()));

  const problem = queries.find((query) => query.problem)?.problem;
  const isEmpty =
    requests.data?.requestStats.totals.count === 0 && operations.data?.operationStats.totals.count === 0;
  return (
    <>
      <PageTitle title="Overview" sub={`${RANGE_LABELS[range]}, compared with the previous period`} />
      {problem ? <ErrorState problem={problem} /> : null}
      {breakdowns.data ? <Warnings breakdowns={breakdowns.data} /> : null}
      {requests.data ? (
        <Figures
          requests={requests.data}
          operations={operations.data}
          breakers={breakdowns.data?.circuitBreakers}
        />
      ) : problem ? null : (
        <Loading lines={4} />
      )}
      {isEmpty ? <NoData /> : null}
      <div className="grid even">
        <RequestsChart data={overTime.data} />
        <DurationsChart data={overTime.data} />
        <OperationsChart where={scope.operations} bucket={bucket} />
        <StatusCard data={requests.data} />
      </div>
      <div className="grid roomy">
        <TypesCard breakdowns={breakdowns.data} />
        <StagesCard breakdowns={breakdowns.data} />
        <BreakersCard breakdowns={breakdowns.data} />
      </div>
    </>
  );
}

function NoData() {
  return (
    <Card title="No data in this range">
      <EmptyState title="Send sample traffic" command="trackstore demo">
        This sends generated requests, tool calls and chats to a server on this machine until you stop it. To
        send your own data, use the Python client or send a mutation to /graphql.
      </EmptyState>
    </Card>
  );
}
