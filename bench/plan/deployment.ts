/** What a scenario needs, reckoned from measured costs. Rates are a second, at the peak. */
import type { MeasuredCosts } from './measured-costs.ts';
import type { Scenario } from './scenario.ts';

export interface Deployment {
  readonly messagesPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly loginsPerSecond: number;
  readonly connections: number;
  readonly cores: number;
  /** Stores, each with one writer and so with one core at most. */
  readonly shards: number;
  readonly memoryBytes: number;
  readonly storedBytes: number;
  readonly writtenBytesPerSecond: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  readonly machines: number;
  /** What asks for so many machines. */
  readonly bottleneck: 'cores' | 'memory';
}

const secondsPerDay = 86_400;
/** Of a machine's memory: the rest is for the system, sockets and its cache of the disk. */
const memoryShare = 0.75;
/** A file is never full: free pages, indexes, the log that waits for its checkpoint. */
const fileFactor = 2;

export function deploymentFor(scenario: Scenario, costs: MeasuredCosts): Deployment {
  const messages = (scenario.messagesPerDay / secondsPerDay) * scenario.peakFactor;
  const deliveries = messages * scenario.recipients * scenario.devices;
  const connections = scenario.users * scenario.devices * scenario.onlineShare;
  const logins =
    ((scenario.users * scenario.devices * scenario.loginsPerDay) / secondsPerDay) *
    scenario.peakFactor;
  // A direct message is a send and a delivery; what a further delivery costs is known from groups.
  const further = Math.max(0, deliveries - messages);
  const moreBody = Math.max(0, scenario.bodyBytes - costs.bodyBytes);
  const microsPerLogin =
    scenario.resumeShare * costs.microsPerResume +
    (1 - scenario.resumeShare) * costs.microsPerChallenge;
  const busyCores =
    (messages * costs.microsPerMessage +
      further * costs.microsPerDelivery +
      logins * microsPerLogin) /
    1e6;
  const cores = Math.ceil(busyCores / scenario.utilisation);
  const busyShards =
    ((messages + further * (costs.microsPerDelivery / costs.microsPerMessage)) *
      costs.busiestMicrosPerMessage) /
    1e6;
  const coresMachines = Math.ceil(cores / scenario.coresPerMachine);
  const memoryOfMachine = scenario.memoryPerMachineGib * 2 ** 30 * memoryShare;
  const memoryMachines = Math.ceil((connections * costs.bytesPerConnection) / memoryOfMachine);
  const machines = Math.max(1, coresMachines, memoryMachines);
  const waiting =
    ((scenario.messagesPerDay * scenario.recipients * scenario.devices) / 24) *
    scenario.awayShare *
    scenario.retentionHours;
  return {
    messagesPerSecond: messages,
    deliveriesPerSecond: deliveries,
    loginsPerSecond: logins,
    connections,
    cores,
    shards: Math.max(1, Math.ceil(busyShards / scenario.utilisation)),
    memoryBytes: connections * costs.bytesPerConnection + machines * costs.serverBytes,
    storedBytes: waiting * (costs.storedBytesPerMessage + moreBody) * fileFactor,
    writtenBytesPerSecond: deliveries * (costs.writtenBytesPerMessage + 2 * moreBody),
    receivedBytesPerSecond: messages * (costs.receivedBytesPerMessage + moreBody),
    sentBytesPerSecond: deliveries * (costs.sentBytesPerMessage + moreBody),
    machines,
    bottleneck: memoryMachines > coresMachines ? 'memory' : 'cores',
  };
}
