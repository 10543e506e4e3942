/** Random operations, nested transactions, aborts and restarts, against the simple model. */
import assert from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openDatabase } from '../../../storage/mnesia/database.ts';
import type { Database } from '../../../storage/mnesia/database.ts';
import type { TableEvent } from '../../../storage/mnesia/events.ts';
import type { WriteOperations } from '../../../storage/mnesia/operations.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';
import type { StorageType, Table, TableType } from '../../../storage/mnesia/schema.ts';
import { TransactionAborted } from '../../../storage/mnesia/storage-error.ts';
import { ModelTable } from './model.ts';
import type { Entry } from './model.ts';

type Step =
  | { op: 'write' | 'insert' | 'deleteObject'; entry: Entry }
  | { op: 'delete' | 'read'; a: number; b: string }
  | { op: 'update'; a: number; b: string; v: number | null }
  | { op: 'deleteRange'; a: number; from: string; to: string }
  | { op: 'transaction'; steps: Step[]; end: 'commit' | 'abort' | 'throw' }
  | { op: 'restart' };

const a = fc.integer({ min: -1, max: 2 });
const b = fc.constantFrom('', 'a', 'b', 'ba', 'c');
const v = fc.option(fc.integer({ min: 0, max: 2 }), { nil: null });
const w = fc.constantFrom<unknown>(null, 1.5, 'x', [1, [2]], { k: { l: [true] } });
const entry = fc.record({ a, b, v, w }, { noNullPrototype: true });
const { step } = fc.letrec<{ step: Step }>(tie => ({
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: fc.record({ op: fc.constant('write' as const), entry }), weight: 5 },
    { arbitrary: fc.record({ op: fc.constant('read' as const), a, b }), weight: 3 },
    fc.record({ op: fc.constant('insert' as const), entry }),
    fc.record({ op: fc.constant('deleteObject' as const), entry }),
    fc.record({ op: fc.constant('delete' as const), a, b }),
    fc.record({ op: fc.constant('update' as const), a, b, v }),
    fc.record({ op: fc.constant('deleteRange' as const), a, from: b, to: b }),
    {
      arbitrary: fc.record({
        op: fc.constant('transaction' as const),
        steps: fc.array(tie('step'), { maxLength: 8 }),
        end: fc.constantFrom('commit' as const, 'abort' as const, 'throw' as const),
      }),
      weight: 3,
    },
  ),
}));
const program = fc.array(
  fc.oneof({ arbitrary: step, weight: 12 }, fc.constant<Step>({ op: 'restart' })),
  { maxLength: 25 },
);

class Run {
  readonly #table: Table<Entry>;
  readonly #directory: string;
  readonly #model: ModelTable;
  /** What somebody who only hears the events believes. */
  readonly #mirror: ModelTable;
  #db: Database;

  constructor(type: TableType, storage: StorageType) {
    this.#table = defineTable<Entry>({
      name: 'entry',
      type,
      storage,
      attributes: { a: 'integer', b: 'text', v: { type: 'integer', null: true }, w: 'term' },
      key: ['a', 'b'],
      indexes: ['v', ['b', 'v']],
    });
    this.#directory = mkdtempSync(join(tmpdir(), 'strowger-model-'));
    this.#model = new ModelTable(type);
    this.#mirror = new ModelTable(type);
    this.#db = this.#open();
  }

  run(steps: Step[]): void {
    for (const step of steps) {
      if (step.op === 'restart') this.#restart();
      else this.#apply(this.#db.dirty, step);
      this.#compare();
    }
  }

  end(): void {
    this.#db.close();
    rmSync(this.#directory, { recursive: true });
  }

  #open(): Database {
    const db = openDatabase({
      directory: this.#directory,
      tables: [this.#table],
      schemaVersion: 1,
      reserveBytes: 0,
    });
    db.subscribe(this.#table, event => this.#hear(event));
    return db;
  }

  #restart(): void {
    this.#db.close();
    this.#db = this.#open();
    if (this.#table.storage !== 'ram_copies') return;
    this.#model.goBack([]);
    this.#mirror.goBack([]);
  }

  #apply(tables: WriteOperations, step: Step): void {
    const table = this.#table;
    const model = this.#model;
    switch (step.op) {
      case 'write':
        tables.write(table, step.entry);
        model.write(step.entry);
        break;
      case 'insert':
        this.#insert(tables, step.entry);
        break;
      case 'deleteObject':
        same(tables.deleteObject(table, step.entry), model.deleteObject(step.entry));
        break;
      case 'delete':
        same(tables.delete(table, [step.a, step.b]), model.delete(step.a, step.b));
        break;
      case 'update':
        this.#update(tables, step);
        break;
      case 'read':
        this.#read(step.a, step.b);
        break;
      case 'deleteRange':
        if (table.type !== 'ordered_set') break;
        same(
          tables.deleteRange(table, [step.a], step.from, step.to),
          model.deleteRange(step.a, step.from, step.to),
        );
        break;
      case 'transaction':
        this.#transaction(step);
        break;
      case 'restart':
    }
  }

  #insert(tables: WriteOperations, entry: Entry): void {
    const taken = this.#model.at(entry.a, entry.b).length > 0;
    let code: unknown;
    try {
      tables.insert(this.#table, entry);
    } catch (error) {
      code = error instanceof TypeError ? 'bag' : (error as { code: string }).code;
    }
    if (this.#table.type === 'bag') same(code, 'bag');
    else same(code, taken ? 'already_exists' : undefined);
    if (code === undefined) this.#model.write(entry);
  }

  #update(tables: WriteOperations, step: { a: number; b: string; v: number | null }): void {
    if (this.#table.type === 'bag') return;
    const [old] = this.#model.at(step.a, step.b);
    const expected = old === undefined ? undefined : { ...old, v: step.v };
    same(tables.update(this.#table, [step.a, step.b], { v: step.v }), expected);
    if (expected !== undefined) this.#model.write(expected);
  }

  #transaction(step: { steps: Step[]; end: 'commit' | 'abort' | 'throw' }): void {
    const saved = this.#model.save();
    const boom = new Error('boom');
    try {
      this.#db.transaction(tx => {
        for (const inner of step.steps) this.#apply(tx, inner);
        if (step.end === 'abort') tx.abort('reason');
        if (step.end === 'throw') throw boom;
      });
      same(step.end, 'commit');
    } catch (error) {
      if (step.end === 'abort' && error instanceof TransactionAborted) same(error.reason, 'reason');
      else if (step.end !== 'throw' || error !== boom) throw error;
      this.#model.goBack(saved);
    }
  }

  #read(a: number, b: string): void {
    const expected = this.#model.at(a, b);
    same(this.#db.dirty.readAll(this.#table, [a, b]), expected);
    if (this.#table.type === 'bag') return;
    const found = this.#db.dirty.read(this.#table, [a, b]);
    same(found, expected[0]);
    // What a caller does to its record must not reach the next reader.
    if (found !== undefined) {
      found.v = 99;
      if (Array.isArray(found.w)) found.w.push('spoiled');
    }
  }

  #hear(event: TableEvent<Entry>): void {
    switch (event.kind) {
      case 'write':
        this.#mirror.write(event.record);
        break;
      case 'delete': {
        const [a, b] = event.key as [number, string];
        this.#mirror.delete(a, b);
        break;
      }
      case 'delete_object':
        this.#mirror.deleteObject(event.record);
    }
  }

  #compare(): void {
    const { dirty } = this.#db;
    const table = this.#table;
    const all = this.#model.all();
    const folded = dirty.foldl(table, (row, rows: Entry[]) => [...rows, row], []);
    same(folded, all);
    same(this.#mirror.all(), all);
    same(dirty.count(table), all.length);
    for (const value of [null, 0, 1, 2]) {
      const matching = all.filter(row => row.v === value);
      same(dirty.indexRead(table, 'v', value), matching);
      same(dirty.select(table, { v: value }).length, matching.length);
    }
    for (const key of ['', 'a', 'b', 'ba', 'c', 'd']) this.#read(1, key);
    if (table.type !== 'ordered_set') return;
    same(dirty.range(table, undefined, undefined), all);
    same(
      dirty.range(table, [0, 'b'], [1, 'b'], { reverse: true }),
      this.#model.range([0, 'b'], [1, 'b']).reverse(),
    );
    same(dirty.first(table), all[0]);
    same(dirty.last(table), all.at(-1));
    for (const [i, row] of all.entries()) {
      same(dirty.next(table, [row.a, row.b]), all[i + 1]);
      same(dirty.prev(table, [row.a, row.b]), all[i - 1]);
    }
  }
}

function same(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(actual, expected);
}

for (const type of ['set', 'ordered_set', 'bag'] as const) {
  for (const storage of ['ram_copies', 'disc_copies', 'disc_only_copies'] as const) {
    void t.test(`${storage} ${type}`, async t => {
      fc.assert(
        fc.property(program, steps => {
          const run = new Run(type, storage);
          try {
            run.run(steps);
          } finally {
            run.end();
          }
        }),
        { numRuns: 25 },
      );
      t.pass('agrees with the model');
    });
  }
}
