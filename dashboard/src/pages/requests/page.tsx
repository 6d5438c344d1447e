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
import { useLines } from "./use-lines";

export default function RequestsPage() {
  const choice = useChoice();
  const { lines, total, more, problem, loadMore } = useLines(filterOf(choice), eventsOf(choice));
  const chosen = choice.status !== null || choice.type !== null || choice.search !== "";
  return (
    <>
      <PageTitle title="Requests" sub={`Created in the ${RANGE_WORDS[choice.range]}, the newest first`} />
      <Filters choice={choice} />
      {problem ? <ErrorState problem={problem} /> : null}
      <Card title="Requests" note={lines ? `${count(lines.length)} of ${count(total)}` : null}>
        {!lines ? (
          <Loading lines={8} />
        ) : lines.length === 0 ? (
          <Nothing chosen={chosen} />
        ) : (
          <RequestTable lines={lines} />
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
      <EmptyState title="No request matches">
        Choose a longer range, or take a filter away. An id is found whatever the range is.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No request was created in this range" command={CREATE}>
      A request is work that somebody watches: it has stages, attempts and a log. Create one, or run{" "}
      <code>trackstore demo</code>, and it appears here as it happens.
    </EmptyState>
  );
}
