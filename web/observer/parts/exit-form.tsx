import { useState } from 'react';
import { parseJson } from '../../model/json-field.ts';

const reasons = [
  ['kill', 'kill: cannot be trapped, it dies “killed”'],
  ['shutdown', 'shutdown: an end in good order'],
  ['normal', 'normal: only for who traps exits'],
  ['other', 'another reason …'],
] as const;

interface ExitFormProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly onDo: (reason: unknown) => void;
}

/** Asks for the reason of an exit signal. */
export function ExitForm({ title, onClose, onDo }: ExitFormProps) {
  const [reason, setReason] = useState<string>('kill');
  const [other, setOther] = useState('"some_reason"');
  const [problem, setProblem] = useState('');
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        const parsed = reason === 'other' ? parseJson(other) : { value: reason };
        if ('problem' in parsed) {
          setProblem(parsed.problem);
          return;
        }
        onClose();
        onDo(parsed.value);
      }}
    >
      <h2>Send an exit signal to {title}?</h2>
      <p>
        If it dies, its links get the signal too and its supervisor does what its restart type says;
        the time line tells what came of it.
      </p>
      <label className="field">
        Reason
        <select value={reason} onChange={event => setReason(event.target.value)}>
          {reasons.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {reason === 'other' && (
        <label className="field">
          The reason, as JSON
          <input value={other} onChange={event => setOther(event.target.value)} />
        </label>
      )}
      <p className="bad" role="alert">
        {problem}
      </p>
      <div className="bar">
        <button type="button" onClick={onClose} data-first>
          Leave it
        </button>
        <button type="submit" className="danger">
          Send the signal
        </button>
      </div>
    </form>
  );
}
