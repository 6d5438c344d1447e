// Requests by status, each linked to its list.
import type { RequestStatus, RequestTotalsQuery } from "../../api/generated";
import { Card, Loading } from "../../components/surfaces";
import { StatusBadge } from "../../components/values";
import { count, share } from "../../format";
import { Link } from "../../router";

const STATUS_ORDER: RequestStatus[] = ["PENDING", "RUNNING", "STALLED", "COMPLETED", "FAILED", "CANCELLED"];

export function StatusCard({ data }: { data: RequestTotalsQuery | undefined }) {
  return (
    <Card title="Requests by status">
      {data ? <Statuses stats={data.requestStats} /> : <Loading lines={6} />}
    </Card>
  );
}

function Statuses({ stats }: { stats: RequestTotalsQuery["requestStats"] }) {
  const total = stats.totals.count;
  const counts = new Map(stats.rows.map((row) => [row.key.status, row.count]));
  return (
    <table className="status-table">
      <caption className="hidden">Requests by status</caption>
      <thead className="hidden">
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Bar</th>
          <th scope="col">Requests</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {STATUS_ORDER.map((status) => {
          const requestCount = counts.get(status) ?? 0;
          return (
            <tr key={status}>
              <th scope="row">
                <Link to={`/requests?status=${status}`}>
                  <StatusBadge status={status} />
                </Link>
              </th>
              <td className="bar-cell">
                <span
                  className={`bar ${status.toLowerCase()}`}
                  style={{ width: `${total ? (Number(requestCount) / Number(total)) * 100 : 0}%` }}
                />
              </td>
              <td className="right">{count(requestCount)}</td>
              <td className="right muted">{total ? share(Number(requestCount) / Number(total)) : ""}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
