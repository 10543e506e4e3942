/** Paths with parameters: `/v1/users/:user/devices`. */

export type PathParams = Readonly<Record<string, string>>;

export interface PathPattern {
  readonly source: string;
  readonly parts: readonly string[];
}

/** Throws TypeError for a pattern that could never match. */
export function pathPattern(source: string): PathPattern {
  if (!source.startsWith('/')) throw new TypeError(`a path begins with "/", got "${source}"`);
  return { source, parts: source.split('/').slice(1) };
}

/** The parameters, decoded, or undefined when the path is another one. */
export function matchPath(pattern: PathPattern, path: string): PathParams | undefined {
  const parts = path.split('/').slice(1);
  if (parts.length !== pattern.parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.parts.entries()) {
    const part = decodePart(parts[index] ?? '');
    if (part === undefined) return undefined;
    if (expected.startsWith(':')) {
      if (part === '') return undefined;
      params[expected.slice(1)] = part;
    } else if (part !== expected) return undefined;
  }
  return params;
}

/** Undefined when it is not well-formed percent encoding, which no path of ours contains. */
export function decodePart(part: string): string | undefined {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
