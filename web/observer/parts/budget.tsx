import type { SupervisorView } from '../../../protocol/observer.ts';

/** Restart intensity: used of allowed. */
export function Budget({ supervisor }: { readonly supervisor: SupervisorView }) {
  const { restarts, intensity, period, intensityPer } = supervisor;
  if (intensityPer === 'child') return <>{`${intensity} in ${period} s per child`}</>;
  return (
    <>
      {/* The words say the same. */}
      <span className="meter" aria-hidden="true">
        <i style={{ width: `${share(restarts, intensity)}%` }} data-high={restarts >= intensity} />
      </span>
      {`${restarts} of ${intensity} in ${period} s`}
    </>
  );
}

const share = (used: number, allowed: number): number =>
  allowed === 0 ? (used > 0 ? 100 : 0) : Math.min(100, (100 * used) / allowed);
