// The list of requests: filtered, searched, and live.
import { useMemo } from "react";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { count } from "../../format";
import { useQueryString } from "../../router";
import { RANGE_WORDS, useRange } from "../../state/range";
import { useOrganization } from "../../state/viewer";
import { eventsOf, filterOf, type ListChoice } from "./filter";
import { Filters } from "./filters";
import { RequestTable } from "./request-table";
import { useRows } from "./use-rows";

export default function RequestsPage() {
  const choice = useChoice();
  const { rows, total, more, problem, loadMore } = useRows(filterOf(choice), eventsOf(choice));
  const chosen = choice.status !== null || choice.type !== null || choice.search !== "";
  return (
    <>
      <PageTitle title="Requests" sub={`Created in the ${RANGE_WORDS[choice.range]}, newest first`} />
      <Filters choice={choice} />
      {problem ? <ErrorState problem={problem} /> : null}
      <Card title="Requests" note={rows ? `${count(rows.length)} of ${count(total)}` : null}>
        {!rows ? (
          <Loading lines={8} />
        ) : rows.length === 0 ? (
          <Nothing chosen={chosen} />
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

function useChoice(): ListChoice {
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

const CREATE = `curl -s http://127.0.0.1:8000/graphql -H 'Content-Type: application/json' -d '{
  "query": "mutation { createRequest(input: {type: \\"lesson\\", stages: [{name: \\"script\\"}]}) { request { uuid } } }"
}'`;

function Nothing({ chosen }: { chosen: boolean }) {
  if (chosen) {
    return (
      <EmptyState title="No matching requests">
        Select a longer range or remove a filter. Searching by id ignores the range.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No requests in this range" command={CREATE}>
      A request is a unit of work with stages, attempts and a log. Create one, or run{" "}
      <code>trackstore demo</code>, and it appears here live.
    </EmptyState>
  );
}
