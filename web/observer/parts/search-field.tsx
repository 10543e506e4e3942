interface SearchFieldProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly placeholder: string;
}

export function SearchField({ text, onText, placeholder }: SearchFieldProps) {
  return (
    <label>
      Search
      <input
        type="search"
        value={text}
        placeholder={placeholder}
        onChange={event => onText(event.target.value)}
      />
    </label>
  );
}
