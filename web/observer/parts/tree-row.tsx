import type { ItemInstance } from '@headless-tree/core';
import type { HTMLAttributes } from 'react';
import { Link } from 'wouter';
import type { TreeNode } from '../../../protocol/observer.ts';
import { titleOf } from '../../model/describe-entry.ts';
import { formatCount } from '../../model/format.ts';
import type { Entry } from '../../model/tree.ts';
import { Badge } from './badge.tsx';
import { Budget } from './budget.tsx';

interface TreeRowProps {
  readonly item: ItemInstance<Entry>;
  /** Pixels from the top of the tree. */
  readonly top: number;
  /** Whether it was restarted a moment ago. */
  readonly replaced: boolean;
}

/** One line of the tree. The columns are for the eye; a screen reader has them in words. */
export function TreeRow({ item, top, replaced }: TreeRowProps) {
  const entry = item.getItemData();
  const level = item.getItemMeta().level;
  // Its name is its content: what is to be seen and, unseen, the rest in words.
  const { 'aria-label': words = '', ...props } = item.getProps() as HTMLAttributes<HTMLDivElement>;
  return (
    <div
      {...props}
      className="tree-row"
      data-replaced={replaced}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="who" style={{ paddingLeft: `${level * 16}px` }}>
        <span className="twist" aria-hidden="true">
          {item.isFolder() ? (item.isExpanded() ? '▾' : '▸') : ''}
        </span>
        <What entry={entry} words={words} replaced={replaced} />
      </span>
      {entry.kind === 'node' && <Columns node={entry.node} />}
    </div>
  );
}

interface WhatProps {
  readonly entry: Entry;
  /** All of it in words. */
  readonly words: string;
  readonly replaced: boolean;
}

function What({ entry, words, replaced }: WhatProps) {
  if (entry.kind === 'gap') {
    return (
      <>
        <span className="hint" aria-hidden="true">
          …
        </span>
        <span className="unseen">{words}</span>
      </>
    );
  }
  if (entry.kind === 'rest') {
    return (
      <span className="hint">
        {formatCount(entry.count)} more: <Link href="/processes">search for them</Link>
      </span>
    );
  }
  const { node } = entry;
  const title = titleOf(node);
  return (
    <>
      {node.pid === null ? (
        <span>{title}</span>
      ) : (
        <Link
          href={`/process/${node.pid}`}
          tabIndex={-1}
          onClick={event => event.stopPropagation()}
          data-supervisor={node.type === 'supervisor'}
        >
          {title}
        </Link>
      )}
      <span className="unseen">{words.slice(title.length)}</span>
      <span className="remarks" aria-hidden="true">
        {node.status !== 'running' && (
          <Badge tone={node.status === 'restarting' ? 'warn' : 'plain'}>{node.status}</Badge>
        )}
        {replaced && <Badge tone="good">restarted</Badge>}
        {node.label !== null && !title.startsWith(node.label) && (
          <span className="hint">{node.label}</span>
        )}
      </span>
    </>
  );
}

function Columns({ node }: { readonly node: TreeNode }) {
  const { supervisor, restart, restarts, children, queue } = node;
  return (
    <>
      <span className="strategy" aria-hidden="true">
        {supervisor?.strategy}
      </span>
      <span className="restart" aria-hidden="true">
        {restart}
      </span>
      <span className="budget" aria-hidden="true">
        {supervisor !== null && <Budget supervisor={supervisor} />}
        {supervisor === null && restarts !== null && restarts > 0 && `${restarts} of its own`}
      </span>
      <span className="children" aria-hidden="true">
        {children > 0 && formatCount(children)}
      </span>
      <span className="queue" aria-hidden="true">
        {formatCount(queue)}
      </span>
    </>
  );
}
