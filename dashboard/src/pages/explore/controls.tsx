// Everything that makes a question: source, groups, measures, slices, filters, how many, against what.
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
  type Slice,
  SOURCES,
  type Source,
} from "./question";

const SOURCE_OPTIONS = SOURCES.map((value) => ({ value, text: sentenceCase(value) }));
const SLICE_OPTIONS: { value: Slice; text: string }[] = [
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
const MONTHS_ONLY = SLICE_OPTIONS.filter(({ value }) => value === "none" || value === "1mo");
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
        chosen={question.groups.filter((name) => attributeOf(name) === null)}
        options={dimensions}
        onChange={(groups) => onChange({ groups: [...groups, ...attributesOf(question)] })}
      >
        {CATALOG[source].attributes ? <AttributeGroups question={question} onChange={onChange} /> : null}
      </MultiSelect>
      <MultiSelect
        title="Measure"
        add="Add a measure"
        chosen={question.measures}
        options={[...measures, ...distinct]}
        least={1}
        onChange={(chosen) => onChange({ measures: chosen })}
      />
      <div className="multi-select">
        <span className="multi-select-title">Only</span>
        <Filters source={source} filters={question.filters} onChange={(filters) => onChange({ filters })} />
      </div>
    </div>
  );
}

/** What is asked, over which slices, how many groups, and against what. */
function FirstRow({ question, onChange }: ControlsProps) {
  const { source } = question;
  return (
    <div className="control-row">
      <Segments
        label="Source"
        options={SOURCE_OPTIONS}
        value={source}
        onChoose={(chosen) => onChange(firstOf(chosen, question))}
      />
      <Choice
        label="Time bucket"
        options={source === "interactions" ? MONTHS_ONLY : SLICE_OPTIONS}
        value={question.slice}
        onChoose={(slice) => onChange({ slice })}
      />
      <Choice
        label="Group limit"
        options={withPresent(String(question.top ?? 0))}
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

/** A question to another source begins again; the slice stays where there is one. */
function firstOf(source: Source, { slice }: Question): Partial<Question> {
  return {
    source,
    groups: DEFAULT_GROUPS[source],
    measures: DEFAULT_MEASURES[source],
    filters: [],
    slice: source === "interactions" && slice !== "none" ? "1mo" : slice,
    compare: "none",
  };
}

function withPresent(present: string) {
  return TOP_OPTIONS.some(({ value }) => value === present)
    ? TOP_OPTIONS
    : [...TOP_OPTIONS, { value: present, text: `top ${present}` }];
}
