/** The public entry point of the supervisors. */
export * as application from './application.ts';
export type { ApplicationSpec, StartPhase } from './application.ts';
export * as dynamicSupervisor from './dynamic-supervisor.ts';
export type { DynamicChildSpec, DynamicSupervisorOptions } from './dynamic-supervisor.ts';
export * as partitionSupervisor from './partition-supervisor.ts';
export type { PartitionSupervisorOptions } from './partition-supervisor.ts';
export * as supervisor from './supervisor.ts';
export type { SupervisorInit, SupervisorModule, SupervisorRef } from './supervisor.ts';
export type { ChildRow } from './child.ts';
export type { AdminResult, ChildCounts, StartChildResult } from './children.ts';
export type { ChildId, ChildSpec, ChildType, Restart } from './child-spec.ts';
export type { SupervisorFlags } from './flags.ts';
export { lookAtSupervisor } from './server.ts';
export type { ChildLook, SupervisorLook } from './look.ts';
