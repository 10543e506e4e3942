/**
 * One process of the supervision tree with a page of its children. What is no supervisor has for children the processes
 * that it is the parent of and linked to, such as an application's master its top supervisor.
 */
import {
  connectedIsolates,
  glanceAt,
  glanceAtLinks,
  thisIsolate,
  whereis,
  type Pid,
} from '../../actors/index.ts';
import type { TreeAnswer, TreeNode } from '../../protocol/observer.ts';
import { lookAtSupervisor, type ChildLook } from '../../supervisors/index.ts';
import type { NotDone } from './protocol.ts';
import { supervisorViewOf } from './supervisor-view.ts';

export interface TreePage {
  readonly offset: number;
  readonly limit: number;
}

/** So many of a process's links are gone through for those of them that are its children. */
const LINKS_LOOKED_AT = 1_000;

/** The masters of the applications at the top of the trees; see server/start.ts and isolates/worker.ts. */
const masters = ['application.strowger', 'application.isolate'] as const;

/** The process that this isolate's tree begins with. */
export const topOfTree = (): Pid | undefined => masters.map(whereis).find(pid => pid !== undefined);

/** @param root a process of this isolate */
export function treeView(root: Pid, { offset, limit }: TreePage): TreeAnswer | NotDone {
  const look = lookAtSupervisor(root, { offset, limit });
  if (look !== undefined) {
    const children = look.children.map(childNode);
    return { node: processNode(root), offset, total: look.total, children };
  }
  if (glanceAt(root) === undefined) return { error: 'no_process', message: noProcess(root) };
  const children = offspringOf(root);
  return {
    node: processNode(root),
    offset,
    total: children.length,
    children: children.slice(offset, offset + limit).map(pid => processNode(pid)),
  };
}

export const noProcess = (pid: Pid): string =>
  `No process ${pid} lives: it has ended, or its isolate has. Look for its successor by name.`;

/** The number of the isolate whose thread this process owns. */
export function ownedIsolate(pid: Pid): number | undefined {
  const process = glanceAt(pid);
  if (process?.label !== 'isolate' || thisIsolate() !== 0) return undefined;
  const number = Number(/^isolate\.(\d+)$/.exec(process.name ?? '')?.[1]);
  return connectedIsolates().includes(number) ? number : undefined;
}

function offspringOf(pid: Pid): Pid[] {
  const { items } = glanceAtLinks(pid, LINKS_LOOKED_AT);
  return items.filter(linked => glanceAt(linked)?.parent === pid);
}

function childNode(child: ChildLook): TreeNode {
  const { pid } = child;
  const ofSupervisor = {
    id: child.id ?? null,
    type: child.type,
    restart: child.restart,
    shutdown: child.shutdown,
    significant: child.significant,
    restarts: child.restarts ?? null,
  };
  if (typeof pid === 'number') return { ...processNode(pid), ...ofSupervisor };
  return {
    ...nobody,
    isolate: thisIsolate(),
    status: pid === 'restarting' ? 'restarting' : 'down',
    ...ofSupervisor,
  };
}

const nobody = {
  pid: null,
  name: null,
  label: null,
  queue: 0,
  children: 0,
  supervisor: null,
} as const;

/** A process by itself; what its supervisor knows of it is missing. */
function processNode(pid: Pid): TreeNode {
  const process = glanceAt(pid);
  const supervisor = supervisorViewOf(pid);
  return {
    ...nobody,
    pid,
    isolate: thisIsolate(),
    // It may have died while its supervisor has other things to do.
    status: process === undefined ? 'down' : 'running',
    id: null,
    name: process?.name ?? null,
    label: process?.label ?? null,
    type: supervisor === null ? 'worker' : 'supervisor',
    restart: null,
    shutdown: null,
    significant: false,
    restarts: null,
    queue: process?.mailbox.length ?? 0,
    children: supervisor?.children ?? workersChildren(pid),
    supervisor,
  };
}

function workersChildren(pid: Pid): number {
  return ownedIsolate(pid) === undefined ? offspringOf(pid).length : 1;
}
