import { at, type RemoteName } from '../../actors/index.ts';
import { receptionName, type OpenSession, type ReceptionCall } from './protocol.ts';
import { isolateOfShard, NOWHERE } from './shard-map.ts';

/** The reception of the isolate that has the shard. */
export const receptionAt = (shard: number): RemoteName<ReceptionCall, OpenSession> =>
  at(receptionName, isolateOfShard(shard) ?? NOWHERE);
