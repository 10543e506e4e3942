/** JSON as somebody writes it into a field. */

export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** The value, or what is wrong with the text in a sentence that says what to do. */
export function parseJson(text: string): Parsed {
  if (text.trim() === '')
    return { problem: 'Write a JSON value, such as {"kind":"ping"}, 42 or "text".' };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return { problem: `This is no JSON (${why}): text needs quotation marks, as in "text".` };
  }
}

/** `rows.0.seq` as the steps to a part of a state: whole numbers are indexes of lists. Nothing is the whole state. */
export function parsePath(text: string): readonly (string | number)[] {
  const steps = text.trim() === '' ? [] : text.trim().split('.');
  return steps.map(step => (/^\d+$/.test(step) ? Number(step) : step));
}
