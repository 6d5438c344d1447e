// Multi-select: selected values are chips, the others a list.
import { type ReactNode, useId } from "react";
import { Icon } from "../../components/icons";
import { label } from "./answer";

interface MultiSelectProps {
  title: string;
  /** What the list is called that adds one. */
  add: string;
  chosen: string[];
  options: readonly string[];
  least?: number;
  onChange: (chosen: string[]) => void;
  /** What else belongs to it. */
  children?: ReactNode;
}

export function MultiSelect({
  title,
  add,
  chosen,
  options,
  least = 0,
  onChange,
  children,
}: MultiSelectProps) {
  const id = useId();
  return (
    <div className="multi-select" role="group" aria-label={title}>
      <span className="multi-select-title">{title}</span>
      {chosen.map((name) => (
        <span key={name} className="chip">
          {label(name)}
          {chosen.length > least ? (
            <button
              type="button"
              className="icon-button small"
              aria-label={`Remove ${label(name)}`}
              onClick={() => onChange(chosen.filter((each) => each !== name))}
            >
              <Icon name="close" size={11} />
            </button>
          ) : null}
        </span>
      ))}
      <label className="choice" htmlFor={id}>
        <span className="hidden">{add}</span>
        <select id={id} value="" onChange={(event) => onChange([...chosen, event.target.value])}>
          <option value="">{add}</option>
          {options
            .filter((name) => !chosen.includes(name))
            .map((name) => (
              <option key={name} value={name}>
                {label(name)}
              </option>
            ))}
        </select>
      </label>
      {children}
    </div>
  );
}
