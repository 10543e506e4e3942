import { ApiError } from '../api/api.ts';

/** Why something is not to be seen. That the server is away the banner says already. */
export function Problem({ error }: { readonly error: Error | undefined }) {
  if (!(error instanceof ApiError)) return null;
  return (
    <p className="banner" role="alert">
      {error.message}
    </p>
  );
}
