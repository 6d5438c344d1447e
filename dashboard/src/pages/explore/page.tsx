// Explore: builds any aggregation query. The query is stored in the address, so it can be shared.
import { useCallback, useMemo, useState } from "react";
import { CATALOG } from "../../api/catalog";
import { useRefetchOnEvents } from "../../api/use-refetch-on-events";
import { useRefetchOnOperations } from "../../api/use-refetch-on-operations";
import { useQuery } from "../../api/use-query";
import { Card, EmptyState, ErrorState, Loading, PageTitle } from "../../components/surfaces";
import { count, sentenceCase } from "../../format";
import { navigate, useQueryString } from "../../router";
import { RANGE_LABELS, useRange, ZONE } from "../../state/range";
import { useScope } from "../../state/scope";
import { useOrganization } from "../../state/viewer";
import type { Answer } from "./answer";
import { Controls } from "./controls";
import { type PageContext, MAX_ROWS, writeDocument } from "./document";
import { type Question, readQuestion, writeQuestion } from "./question";
import { ResultChart, ResultTable } from "./result";
import { Downloads, GraphQLCard } from "./export";

const PRESERVED_PARAMETERS = ["range", "organization"];

export default function ExplorePage() {
  const address = useQueryString().toString();
  const question = useMemo(() => readQuestion(new URLSearchParams(address)), [address]);
  const [range, organization] = [useRange(), useOrganization()];
  const context = useMemo<PageContext>(() => ({ range, zone: ZONE, organization }), [range, organization]);
  const [showsDocument, setShowsDocument] = useState(false);
  const changeQuestion = useCallback((changes: Partial<Question>) => {
    const current = new URLSearchParams(location.search);
    const query = writeQuestion({ ...readQuestion(current), ...changes });
    for (const name of PRESERVED_PARAMETERS) if (current.has(name)) query.set(name, current.get(name) ?? "");
    navigate(`/explore?${query.toString()}`);
  }, []);
  const when = question.source === "interactions" ? "All months" : RANGE_LABELS[range];
  return (
    <>
      <PageTitle title="Explore" sub={`${when}. Copy the address to share this query.`}>
        <button type="button" aria-pressed={showsDocument} onClick={() => setShowsDocument(!showsDocument)}>
          Show GraphQL
        </button>
        <Downloads question={question} context={context} />
      </PageTitle>
      <Controls key={question.source} question={question} onChange={changeQuestion} />
      {showsDocument ? <GraphQLCard question={question} context={context} /> : null}
      <Result question={question} context={context} />
    </>
  );
}

function Result({ question, context }: { question: Question; context: PageContext }) {
  const { text, variables } = useMemo(() => writeDocument(question, context), [question, context]);
  const { data, problem, loading, refresh } = useQuery<Record<string, Answer>, Record<string, unknown>>(
    text,
    variables,
  );
  const scope = useScope();
  const readsOperations = question.source === "operations" || question.source === "interactions";
  useRefetchOnOperations(readsOperations ? scope.operations : null, refresh);
  useRefetchOnEvents(scope.requestEvents, readsOperations ? () => {} : refresh);

  const answer = data?.[CATALOG[question.source].field];
  if (problem && !answer) return <ErrorState problem={problem} retry={refresh} />;
  // The previous answer has the columns of the previous query.
  if (!answer || loading)
    return (
      <Card title="Result">
        <Loading lines={8} />
      </Card>
    );
  if (answer.rows.length === 0) {
    return (
      <EmptyState title={`No ${question.source} in this range`} command="trackstore demo">
        Select a longer time range or remove a filter. To send sample traffic, run:
      </EmptyState>
    );
  }
  const { source, quantileError } = answer.coverage;
  const note = [
    `${count(answer.rows.length)} rows${answer.truncated ? `, the first ${count(MAX_ROWS)}` : ""}`,
    source === "RAW" ? "computed from records" : `computed from the rollup ${source}`,
    ...(quantileError ? [`quantiles within ${quantileError * 100} %`] : []),
  ].join(" · ");
  return (
    <Card title={sentenceCase(question.source)} note={note}>
      {problem ? <ErrorState problem={problem} retry={refresh} /> : null}
      <ResultChart question={question} answer={answer} />
      <ResultTable question={question} answer={answer} />
    </Card>
  );
}
