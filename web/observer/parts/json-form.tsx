import { useId, useState } from 'react';
import { parseJson, parsePath } from '../../model/json-field.ts';

interface JsonFormProps {
  readonly title: string;
  readonly text: string;
  readonly field: string;
  readonly button: string;
  /** Whether it may be for a part only. */
  readonly path?: boolean;
  readonly onClose: () => void;
  readonly onDo: (value: unknown, path: readonly (string | number)[]) => void;
}

/** Asks for a JSON value. */
export function JsonForm({ title, text, field, button, path, onClose, onDo }: JsonFormProps) {
  const [value, setValue] = useState('');
  const [way, setWay] = useState('');
  const [problem, setProblem] = useState('');
  const problemId = useId();
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        const parsed = parseJson(value);
        if ('problem' in parsed) {
          setProblem(parsed.problem);
          return;
        }
        onClose();
        onDo(parsed.value, parsePath(way));
      }}
    >
      <h2>{title}</h2>
      <p>{text}</p>
      {path === true && (
        <label className="field">
          Path to a part, with dots between the steps; empty for the whole state
          <input
            value={way}
            placeholder="rows.0.seq"
            onChange={event => setWay(event.target.value)}
          />
        </label>
      )}
      <label className="field">
        {field}, as JSON
        <textarea
          value={value}
          data-first
          spellCheck={false}
          aria-invalid={problem !== ''}
          aria-describedby={problemId}
          onChange={event => setValue(event.target.value)}
        />
      </label>
      <p id={problemId} className="bad" role="alert">
        {problem}
      </p>
      <div className="bar">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <button type="submit" className="danger">
          {button}
        </button>
      </div>
    </form>
  );
}
