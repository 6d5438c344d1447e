// The result: a chart with time buckets, otherwise bars, and a table of all numbers.
import { useMemo } from "react";
import { relativeChange } from "../../components/surfaces";
import { type Column, Table } from "../../components/table";
import { type Hue, type Series, TimeChart } from "../../components/time-chart";
import { Instant } from "../../components/values";
import { NO_VALUE, share, type Numeric } from "../../format";
import { type Answer, type AnswerRow, formatOf, label, rowOf, rowsOf } from "./answer";
import type { Question } from "./question";

const HUES: Hue[] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];
const NO_LABEL = "(empty)";

export function ResultChart({ question, answer }: { question: Question; answer: Answer }) {
  const measure = question.measures[0] ?? "count";
  const chart = useMemo(() => chartOf(question, answer), [question, answer]);
  if (chart === null) return null;
  const isAdditive = measure === "count" || measure.endsWith("Count") || measure.endsWith(".sum");
  return (
    <TimeChart
      title={`${label(measure)} over time`}
      kind={isAdditive ? "bars" : "lines"}
      format={formatOf(measure)}
      height={240}
      {...chart}
    />
  );
}

/** Return the first measure over time with a series per group; null without time buckets. */
export function chartOf(question: Question, answer: Answer): { times: number[]; series: Series[] } | null {
  const rows = rowsOf(question, answer).filter(({ start }) => start !== null);
  if (rows.length === 0) return null;
  const times = [...new Set(rows.map(({ start }) => Date.parse(start ?? "")))].sort((a, b) => a - b);
  const positions = new Map(times.map((time, index) => [time, index]));
  const groups = new Map<string, (number | null)[]>();
  for (const { start, keys, values } of rows) {
    const name = nameOf(keys);
    const groupValues = groups.get(name) ?? times.map(() => null);
    groupValues[positions.get(Date.parse(start ?? "")) ?? 0] = floatOf(values[0]);
    groups.set(name, groupValues);
  }
  const series = [...groups]
    .sort(([, a], [, b]) => sum(b) - sum(a))
    .slice(0, HUES.length)
    .map(([name, values], index) => ({ label: name, hue: HUES[index] ?? "calm", values }));
  return { times, series: series };
}

const sum = (values: (number | null)[]) => values.reduce<number>((all, value) => all + (value ?? 0), 0);
const nameOf = (keys: (string | null)[]) => keys.map((key) => key ?? NO_LABEL).join(" · ") || "all";

export function ResultTable({ question, answer }: { question: Question; answer: Answer }) {
  const rows = useMemo(() => rowsOf(question, answer), [question, answer]);
  const columns = useMemo(() => columnsOf(question, rows), [question, rows]);
  const summaryRows = [
    ...(answer.others ? [{ name: "Others", row: rowOf(question, answer.others) }] : []),
    { name: "Total", row: rowOf(question, answer.totals) },
  ];
  return (
    <>
      <Table
        key={question.timeBucket}
        caption="Result"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        {...(question.timeBucket === "none" ? {} : { sortedBy: "-start" })}
      />
      <dl className="ends">
        {summaryRows.map(({ name, row }) => (
          <div key={name}>
            <dt>{name}</dt>
            {question.measures.map((measure, index) => (
              <dd key={measure} data-value={row.values[index] ?? ""}>
                <span className="muted">{label(measure)}</span> {formatOf(measure)(row.values[index] ?? null)}
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </>
  );
}

/** Convert to the nearest float for charts. */
const floatOf = (value: Numeric | null | undefined) => (value == null ? null : Number(value));

function columnsOf(question: Question, rows: AnswerRow[]): Column<AnswerRow>[] {
  const hasBuckets = rows.some(({ start }) => start !== null);
  const max = Math.max(0, ...rows.map(({ values }) => floatOf(values[0]) ?? 0));
  return [
    ...(hasBuckets
      ? [
          {
            key: "start",
            title: "From",
            cell: ({ start }: AnswerRow) => <Instant value={start} />,
            sort: ({ start }: AnswerRow) => start,
          },
        ]
      : []),
    ...question.groups.map((name, index) => ({
      key: name,
      title: titleOf(name),
      cell: ({ keys }: AnswerRow) => keys[index] ?? <span className="muted">{NO_LABEL}</span>,
      sort: ({ keys }: AnswerRow) => keys[index],
    })),
    ...question.measures.flatMap((measure, index) =>
      measureColumns(question, measure, index, hasBuckets ? 0 : max),
    ),
  ];
}

function Bar({ value, max }: { value: Numeric | null; max: number }) {
  return <meter className="inline-bar" min={0} max={max} value={floatOf(value) ?? 0} aria-hidden="true" />;
}

/** Return columns for the value, with a bar for the first measure, and for its change. */
function measureColumns(
  question: Question,
  measure: string,
  index: number,
  max: number,
): Column<AnswerRow>[] {
  const format = formatOf(measure);
  const valueOf = ({ values }: AnswerRow) => values[index] ?? null;
  const columns: Column<AnswerRow>[] = [
    {
      key: measure,
      title: titleOf(measure),
      align: "right",
      sort: valueOf,
      cell: (row) => (
        <>
          {index === 0 && max > 0 ? <Bar value={valueOf(row)} max={max} /> : null}
          <span className="value" title={exactText(valueOf(row))}>
            {format(valueOf(row))}
          </span>
        </>
      ),
    },
  ];
  if (question.compare === "none") return columns;
  const changeIn = (row: AnswerRow) => relativeChange(valueOf(row), row.previous?.[index]);
  columns.push({
    key: `${measure} before`,
    title: "Previous",
    align: "right",
    sort: ({ previous }) => previous?.[index],
    cell: ({ previous }) => <span className="muted">{format(previous?.[index] ?? null)}</span>,
    wide: true,
  });
  columns.push({
    key: `${measure} change`,
    title: "Change",
    align: "right",
    sort: changeIn,
    cell: (row) => formatChange(changeIn(row)),
  });
  return columns;
}

const titleOf = (name: string) => {
  const text = label(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const exactText = (value: Numeric | null) => (value === null ? undefined : String(value));

function formatChange(change: number | null): string {
  if (change === null) return NO_VALUE;
  return `${change > 0 ? "+" : change < 0 ? "−" : ""}${share(Math.abs(change))}`;
}
