// A multi-select with chips for selected values and a list of the others.
import { type ReactNode, useId } from "react";
import { Icon } from "../../components/icons";
import { label } from "./answer";

interface MultiSelectProps {
  title: string;
  /** Label of the list that adds a value. */
  add: string;
  selected: string[];
  options: readonly string[];
  minSelected?: number;
  onChange: (selected: string[]) => void;
  /** Further controls. */
  children?: ReactNode;
}

export function MultiSelect({
  title,
  add,
  selected,
  options,
  minSelected = 0,
  onChange,
  children,
}: MultiSelectProps) {
  const id = useId();
  return (
    <div className="multi-select" role="group" aria-label={title}>
      <span className="multi-select-title">{title}</span>
      {selected.map((name) => (
        <span key={name} className="chip">
          {label(name)}
          {selected.length > minSelected ? (
            <button
              type="button"
              className="icon-button small"
              aria-label={`Remove ${label(name)}`}
              onClick={() => onChange(selected.filter((each) => each !== name))}
            >
              <Icon name="close" size={11} />
            </button>
          ) : null}
        </span>
      ))}
      <label className="choice" htmlFor={id}>
        <span className="hidden">{add}</span>
        <select id={id} value="" onChange={(event) => onChange([...selected, event.target.value])}>
          <option value="">{add}</option>
          {options
            .filter((name) => !selected.includes(name))
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
