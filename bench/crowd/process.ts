/** As a program: devices of a crowd, in a process of its own, told what to do over the channel to its parent. */
import { Crowd } from './crowd.ts';
import type { CrowdAnswer, CrowdRequest } from './protocol.ts';

const crowd = new Crowd();

process.on('message', (request: CrowdRequest) => {
  answer(request).then(say, (error: unknown) => say({ kind: 'failed', message: String(error) }));
});
// The bench has gone, however it went: nobody is left to measure for.
process.on('disconnect', () => process.exit());

function say(message: CrowdAnswer): void {
  process.send?.(message);
}

async function answer(request: CrowdRequest): Promise<CrowdAnswer> {
  switch (request.kind) {
    case 'gather':
      crowd.gather(request.identities);
      return { kind: 'done' };
    case 'connect':
      return { kind: 'connected', ...(await crowd.connect(request.atOnce, request.proof)) };
    case 'leave':
      await crowd.leave();
      return { kind: 'done' };
    case 'persist':
      crowd.persist(request.manner);
      return { kind: 'done' };
    case 'settle':
      return { kind: 'settled', ...(await crowd.settle(request.since)) };
    default:
      return request satisfies never;
  }
}
