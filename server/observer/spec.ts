/** The observer as a child of its isolate's tree. */
import { startLink } from '../../actors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';
import { observer, type ObserverArgument } from './observer.ts';
import { observerName } from './protocol.ts';

export const observerSpec = (argument: ObserverArgument): ChildSpec => ({
  id: 'observer',
  start: () => startLink(observer, argument, { name: observerName, label: 'observer' }),
});
