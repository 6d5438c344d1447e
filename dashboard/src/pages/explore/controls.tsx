// The controls of a query: source, groups, measures, time buckets, filters, group limit, comparison.
import { CATALOG } from "../../api/catalog";
import { Choice, Segments } from "../../components/choice";
import { sentenceCase } from "../../format";
import { Filters, TextField } from "./filters";
import { MultiSelect } from "./multi-select";
import {
  attributeOf,
  DEFAULT_GROUPS,
  DEFAULT_MEASURES,
  isMeasure,
  type Question,
  type TimeBucket,
  SOURCES,
  type Source,
} from "./question";

const SOURCE_OPTIONS = SOURCES.map((value) => ({ value, text: sentenceCase(value) }));
const BUCKET_OPTIONS: { value: TimeBucket; text: string }[] = [
  { value: "none", text: "no time buckets" },
  { value: "auto", text: "automatic" },
  { value: "1m", text: "by minute" },
  { value: "5m", text: "by 5 minutes" },
  { value: "30m", text: "by half hour" },
  { value: "1h", text: "by hour" },
  { value: "6h", text: "by 6 hours" },
  { value: "1d", text: "by day" },
  { value: "1w", text: "by week" },
  { value: "1mo", text: "by month" },
];
const MONTH_OPTIONS = BUCKET_OPTIONS.filter(({ value }) => value === "none" || value === "1mo");
const TOP_OPTIONS = ["0", "5", "10", "20", "50", "100"].map((value) => ({
  value,
  text: value === "0" ? "all groups" : `top ${value}`,
}));
const COMPARE_OPTIONS = [
  { value: "none", text: "no comparison" },
  { value: "PREVIOUS", text: "vs. previous period" },
  { value: "LAST_YEAR", text: "vs. last year" },
] as const;

interface ControlsProps {
  question: Question;
  onChange: (changes: Partial<Question>) => void;
}

export function Controls({ question, onChange }: ControlsProps) {
  const { source } = question;
  const { dimensions, measures } = CATALOG[source];
  const distinct = dimensions.map((name) => `distinct.${name}`).filter((name) => isMeasure(source, name));
  return (
    <div className="controls card">
      <FirstRow question={question} onChange={onChange} />
      <MultiSelect
        title="Group by"
        add="Add a group"
        selected={question.groups.filter((name) => attributeOf(name) === null)}
        options={dimensions}
        onChange={(groups) => onChange({ groups: [...groups, ...attributesOf(question)] })}
      >
        {CATALOG[source].attributes ? <AttributeGroups question={question} onChange={onChange} /> : null}
      </MultiSelect>
      <MultiSelect
        title="Measures"
        add="Add a measure"
        selected={question.measures}
        options={[...measures, ...distinct]}
        minSelected={1}
        onChange={(selected) => onChange({ measures: selected })}
      />
      <div className="multi-select">
        <span className="multi-select-title">Filters</span>
        <Filters source={source} filters={question.filters} onChange={(filters) => onChange({ filters })} />
      </div>
    </div>
  );
}

/** Source, time bucket, group limit and comparison. */
function FirstRow({ question, onChange }: ControlsProps) {
  const { source } = question;
  return (
    <div className="control-row">
      <Segments
        label="Source"
        options={SOURCE_OPTIONS}
        value={source}
        onChoose={(selected) => onChange(resetForSource(selected, question))}
      />
      <Choice
        label="Time bucket"
        options={source === "interactions" ? MONTH_OPTIONS : BUCKET_OPTIONS}
        value={question.timeBucket}
        onChoose={(timeBucket) => onChange({ timeBucket })}
      />
      <Choice
        label="Group limit"
        options={withCurrent(String(question.top ?? 0))}
        value={String(question.top ?? 0)}
        onChoose={(top) => onChange({ top: Number(top) || null })}
      />
      {source === "interactions" ? null : (
        <Choice
          label="Comparison"
          options={COMPARE_OPTIONS}
          value={question.compare}
          onChoose={(compare) => onChange({ compare })}
        />
      )}
    </div>
  );
}

function AttributeGroups({ question, onChange }: ControlsProps) {
  const paths = attributesOf(question);
  const fields = question.groups.filter((name) => attributeOf(name) === null);
  const change = (index: number, path: string) => {
    const changed = [...paths];
    changed[index] = path && `attributes.${path}`;
    onChange({ groups: [...fields, ...changed.filter(Boolean)] });
  };
  return (
    <>
      {[...paths, ""].map((name, index) => (
        <TextField
          key={`${index} ${name}`}
          label="Group by attribute"
          placeholder="attribute, such as project"
          value={attributeOf(name) ?? ""}
          onChange={(path) => change(index, path)}
        />
      ))}
    </>
  );
}

const attributesOf = ({ groups }: Question) => groups.filter((name) => attributeOf(name) !== null);

/** Reset the query for another source; keep its time bucket if possible. */
function resetForSource(source: Source, { timeBucket }: Question): Partial<Question> {
  return {
    source,
    groups: DEFAULT_GROUPS[source],
    measures: DEFAULT_MEASURES[source],
    filters: [],
    timeBucket: source === "interactions" && timeBucket !== "none" ? "1mo" : timeBucket,
    compare: "none",
  };
}

function withCurrent(current: string) {
  return TOP_OPTIONS.some(({ value }) => value === current)
    ? TOP_OPTIONS
    : [...TOP_OPTIONS, { value: current, text: `top ${current}` }];
}
