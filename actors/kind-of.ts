/** What kind of event or request it is, without its contents: logs must not tell what people wrote. */
export function kindOf(event: unknown): string {
  if (typeof event === 'object' && event !== null && 'kind' in event) return String(event.kind);
  if (Array.isArray(event) && typeof event[0] === 'string') return event[0];
  return typeof event;
}
