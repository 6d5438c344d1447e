// The answer: a chart where it has slices of time, bars where it has not, and all numbers as a table.
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
  const adds = measure === "count" || measure.endsWith("Count") || measure.endsWith(".sum");
  return (
    <TimeChart
      title={`${label(measure)} over time`}
      kind={adds ? "bars" : "lines"}
      format={formatOf(measure)}
      height={240}
      {...chart}
    />
  );
}

/** The first measure over time, a series for each group; null where there are no slices. */
export function chartOf(question: Question, answer: Answer): { times: number[]; series: Series[] } | null {
  const rows = rowsOf(question, answer).filter(({ start }) => start !== null);
  if (rows.length === 0) return null;
  const times = [...new Set(rows.map(({ start }) => Date.parse(start ?? "")))].sort((a, b) => a - b);
  const places = new Map(times.map((time, index) => [time, index]));
  const groups = new Map<string, (number | null)[]>();
  for (const { start, keys, values } of rows) {
    const name = nameOf(keys);
    const found = groups.get(name) ?? times.map(() => null);
    found[places.get(Date.parse(start ?? "")) ?? 0] = floatOf(values[0]);
    groups.set(name, found);
  }
  const shown = [...groups]
    .sort(([, a], [, b]) => sum(b) - sum(a))
    .slice(0, HUES.length)
    .map(([name, values], index) => ({ label: name, hue: HUES[index] ?? "calm", values }));
  return { times, series: shown };
}

const sum = (values: (number | null)[]) => values.reduce<number>((all, value) => all + (value ?? 0), 0);
const nameOf = (keys: (string | null)[]) => keys.map((key) => key ?? NO_LABEL).join(" · ") || "all";

export function ResultTable({ question, answer }: { question: Question; answer: Answer }) {
  const rows = useMemo(() => rowsOf(question, answer), [question, answer]);
  const columns = useMemo(() => columnsOf(question, rows), [question, rows]);
  const ends = [
    ...(answer.others ? [{ name: "Others", row: rowOf(question, answer.others) }] : []),
    { name: "Total", row: rowOf(question, answer.totals) },
  ];
  return (
    <>
      <Table
        key={question.slice}
        caption="Result"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        {...(question.slice === "none" ? {} : { sortedBy: "-start" })}
      />
      <dl className="ends">
        {ends.map(({ name, row }) => (
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

/** The nearest float, for what is drawn. */
const floatOf = (value: Numeric | null | undefined) => (value == null ? null : Number(value));

function columnsOf(question: Question, rows: AnswerRow[]): Column<AnswerRow>[] {
  const sliced = rows.some(({ start }) => start !== null);
  const most = Math.max(0, ...rows.map(({ values }) => floatOf(values[0]) ?? 0));
  return [
    ...(sliced
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
      measureColumns(question, measure, index, sliced ? 0 : most),
    ),
  ];
}

function Bar({ value, most }: { value: Numeric | null; most: number }) {
  return <meter className="inline-bar" min={0} max={most} value={floatOf(value) ?? 0} aria-hidden="true" />;
}

/** The value, with a bar for the first measure; and how it moved. */
function measureColumns(
  question: Question,
  measure: string,
  index: number,
  most: number,
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
          {index === 0 && most > 0 ? <Bar value={valueOf(row)} most={most} /> : null}
          <span className="value" title={exact(valueOf(row))}>
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
    cell: (row) => signed(changeIn(row)),
  });
  return columns;
}

const titleOf = (name: string) => {
  const text = label(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const exact = (value: Numeric | null) => (value === null ? undefined : String(value));

function signed(change: number | null): string {
  if (change === null) return NO_VALUE;
  return `${change > 0 ? "+" : change < 0 ? "−" : ""}${share(Math.abs(change))}`;
}
