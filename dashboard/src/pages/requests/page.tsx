// The list of requests: filtered, searched, and live.
import { useMemo } from "react";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { count } from "../../format";
import { useQueryString } from "../../router";
import { RANGE_LABELS, useRange } from "../../state/range";
import { useOrganization } from "../../state/viewer";
import { toEventFilter, toRequestFilter, type ListFilters } from "./filter";
import { Filters } from "./filters";
import { RequestTable } from "./request-table";
import { useRows } from "./use-rows";

export default function RequestsPage() {
  const filters = useListFilters();
  const { rows, total, more, problem, loadMore } = useRows(toRequestFilter(filters), toEventFilter(filters));
  const isFiltered = filters.status !== null || filters.type !== null || filters.search !== "";
  return (
    <>
      <PageTitle
        title="Requests"
        sub={`Created in the ${RANGE_LABELS[filters.range].toLowerCase()}, newest first`}
      />
      <Filters filters={filters} />
      {problem ? <ErrorState problem={problem} /> : null}
      <Card title="Requests" note={rows ? `${count(rows.length)} of ${count(total)}` : null}>
        {!rows ? (
          <Loading lines={8} />
        ) : rows.length === 0 ? (
          <NoRequests isFiltered={isFiltered} />
        ) : (
          <RequestTable rows={rows} />
        )}
        {more ? (
          <div className="padded more">
            <button type="button" onClick={loadMore}>
              Load 50 more
            </button>
          </div>
        ) : null}
      </Card>
    </>
  );
}

function useListFilters(): ListFilters {
  const range = useRange();
  const organization = useOrganization();
  const query = useQueryString();
  const status = query.get("status");
  const type = query.get("type");
  const search = query.get("search") ?? "";
  return useMemo(
    () => ({ range, organization, status, type, search }),
    [range, organization, status, type, search],
  );
}

const CREATE_EXAMPLE = `curl -s http://127.0.0.1:8000/graphql -H 'Content-Type: application/json' -d '{
  "query": "mutation { createRequest(input: {type: \\"lesson\\", stages: [{name: \\"script\\"}]}) { request { uuid } } }"
}'`;

function NoRequests({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <EmptyState title="No matching requests">
        Select a longer time range or remove a filter. A search for an id ignores the time range.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No requests in this range" command={CREATE_EXAMPLE}>
      A request is a unit of work with stages, attempts and a log. Create one with this mutation, or run{" "}
      <code>trackstore demo</code> for sample data.
    </EmptyState>
  );
}
