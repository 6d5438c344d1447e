// One request: details, stages over time, log, payloads and errors.
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { JsonView } from "../../components/json-view";
import { Link } from "../../router";
import type { PageProps } from "../../routes";
import { Actions } from "./actions";
import { EventLog } from "./event-log";
import { FailureCard, FailedAttempts } from "./failures";
import { Facts } from "./facts";
import { OperationsCard } from "./operations";
import { StagesTimeline } from "./timeline";
import { type RequestNow, useRequest } from "./use-request";

export default function RequestPage({ parameter }: PageProps) {
  const { request, log, problem, refresh } = useRequest(parameter ?? "");
  if (!request) {
    return (
      <>
        <PageTitle title="Request" />
        {problem ? <ErrorState problem={problem} /> : null}
        {request === null ? <RequestNotFound /> : problem ? null : <Loading lines={8} />}
      </>
    );
  }
  return (
    <>
      <PageTitle title={request.title ?? request.type} sub={<Link to="/requests">All requests</Link>}>
        <Actions request={request} onDone={refresh} />
      </PageTitle>
      {problem ? <ErrorState problem={problem} /> : null}
      <Facts request={request} />
      <FailureCard request={request} />
      <StagesTimeline request={request} />
      <FailedAttempts stages={request.stages} />
      <EventLog log={log} />
      <Payloads request={request} />
      <OperationsCard id={request.uuid} lastSeq={log.last} />
    </>
  );
}

function RequestNotFound() {
  return (
    <EmptyState title="Request not found">
      No request with this id exists, or your key has no access to it.{" "}
      <Link to="/requests">All requests</Link>
    </EmptyState>
  );
}

function Payloads({ request }: { request: RequestNow }) {
  const outputs = request.stages.filter(({ output }) => output !== null);
  return (
    <div className="grid">
      {request.attributes === null ? null : (
        <Card title="Attributes">
          <JsonView value={request.attributes} label="Attributes" />
        </Card>
      )}
      {request.result === null ? null : (
        <Card title="Result">
          <JsonView value={request.result} label="Result" />
        </Card>
      )}
      {outputs.length === 0 ? null : (
        <Card title="Stage outputs">
          {outputs.map(({ name, output }) => (
            <div key={name} className="output">
              <h3>{name}</h3>
              <JsonView value={output} label={`Output of ${name}`} />
            </div>
          ))}
        </Card>
      )}
    </div>
  );
}
