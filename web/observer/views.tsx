/** The views and their addresses behind the `#`. */
import { Link, Route, Switch } from 'wouter';
import { Heading } from './parts/heading.tsx';
import { Code } from './views/code.tsx';
import { Isolates } from './views/isolates.tsx';
import { Overview } from './views/overview.tsx';
import { Process } from './views/process.tsx';
import { Processes } from './views/processes.tsx';
import { Registry } from './views/registry.tsx';
import { Sockets } from './views/sockets.tsx';
import { Table } from './views/table.tsx';
import { Tables } from './views/tables.tsx';
import { Timeline } from './views/timeline.tsx';
import { TreeView } from './views/tree.tsx';

/** What the navigation leads to. */
export const places = [
  { path: '/', name: 'Overview' },
  { path: '/tree', name: 'Tree' },
  { path: '/processes', name: 'Processes' },
  { path: '/timeline', name: 'Time line' },
  { path: '/registry', name: 'Registry' },
  { path: '/tables', name: 'Tables' },
  { path: '/sockets', name: 'Sockets' },
  { path: '/isolates', name: 'Isolates' },
  { path: '/code', name: 'Code' },
] as const;

export function Views() {
  return (
    <Switch>
      <Route path="/" component={Overview} />
      <Route path="/tree" component={TreeView} />
      <Route path="/processes" component={Processes} />
      {/* The key: another process must not show what was known of the last one. */}
      <Route path="/process/:pid">
        {({ pid }: { readonly pid: string }) =>
          isNumber(pid) ? <Process key={pid} pid={Number(pid)} /> : <NoView />
        }
      </Route>
      <Route path="/timeline" component={Timeline} />
      <Route path="/registry" component={Registry} />
      <Route path="/tables" component={Tables} />
      <Route path="/tables/:shard/:name">
        {({ shard, name }: { readonly shard: string; readonly name: string }) =>
          isNumber(shard) ? (
            <Table key={`${shard}/${name}`} shard={Number(shard)} name={name} />
          ) : (
            <NoView />
          )
        }
      </Route>
      <Route path="/sockets" component={Sockets} />
      <Route path="/isolates" component={Isolates} />
      <Route path="/code" component={Code} />
      <Route component={NoView} />
    </Switch>
  );
}

/** A pid, or a shard. */
const isNumber = (text: string): boolean =>
  /^[0-9]+$/.test(text) && Number.isSafeInteger(Number(text));

function NoView() {
  return (
    <>
      <Heading title="No such view" />
      <p className="banner note" role="alert">
        <span>
          There is no such view. <Link href="/">To the overview.</Link>
        </span>
      </p>
    </>
  );
}
