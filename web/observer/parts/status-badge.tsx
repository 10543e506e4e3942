import type { ProcessStatus } from '../../../protocol/observer.ts';
import { Badge, type Tone } from './badge.tsx';

const tones: Readonly<Record<string, Tone>> = {
  starting: 'warn',
  scheduled: 'good',
  running: 'good',
  awaiting: 'good',
  suspended: 'bad',
  dead: 'bad',
};

export function StatusBadge({ status }: { readonly status: ProcessStatus }) {
  return <Badge tone={tones[status] ?? 'plain'}>{status}</Badge>;
}
