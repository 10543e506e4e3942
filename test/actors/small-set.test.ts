import fc from 'fast-check';
import t from 'tap';
import { monitorIn, monitorsOf, withMonitor, withoutMonitor } from '../../actors/monitor-table.ts';
import type { MonitorTable } from '../../actors/monitor-table.ts';
import type { MonitorRef, Pid } from '../../actors/pid.ts';
import { smallAdd, smallDelete, smallHas, smallList } from '../../actors/small-set.ts';
import type { SmallSet } from '../../actors/small-set.ts';

const steps = fc.array(fc.record({ add: fc.boolean(), member: fc.integer({ min: 1, max: 8 }) }), {
  maxLength: 60,
});

void t.test('a small set is a set, whatever it is kept in', t => {
  fc.assert(
    fc.property(steps, steps => {
      const model = new Set<number>();
      let set: SmallSet<number>;
      for (const { add, member } of steps) {
        set = add ? smallAdd(set, member) : smallDelete(set, member);
        if (add) model.add(member);
        else model.delete(member);
        if (smallHas(set, member) !== add) return false;
        if (JSON.stringify(smallList(set)) !== JSON.stringify([...model])) return false;
      }
      return true;
    }),
  );
  t.end();
});

void t.test('a list of members that was taken is not changed by what comes after', t => {
  const set = smallAdd(smallAdd<number>(undefined, 1), 2);
  const taken = smallList(set);
  smallDelete(smallAdd(set, 3), 1);
  t.same(taken, [1, 2]);
  t.end();
});

void t.test('a monitor table finds and forgets by ref, few or many', t => {
  fc.assert(
    fc.property(steps, steps => {
      const model = new Map<number, object>();
      let table: MonitorTable;
      for (const { add, member } of steps) {
        const ref = member as MonitorRef;
        const monitor = { ref, watched: member as Pid, release: () => undefined };
        // A ref is given once.
        if (add && model.has(ref)) continue;
        table = add ? withMonitor(table, monitor) : withoutMonitor(table, ref);
        if (add) model.set(ref, monitor);
        else model.delete(ref);
        if (monitorIn(table, ref) !== model.get(ref)) return false;
        const all = monitorsOf(table);
        if (all.length !== model.size || all.some(each => model.get(each.ref) !== each)) return false; // prettier-ignore
      }
      return true;
    }),
  );
  t.end();
});
