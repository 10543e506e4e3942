/** Names in SQL. Table and attribute names were checked by defineTable; quoting keeps keywords apart. */
import type { Table } from './schema.ts';

export function quote(name: string): string {
  return `"${name}"`;
}

/** ram_copies live in an attached database in memory, the others in the file. */
export function schemaOf(table: Table<object>): 'ram' | 'main' {
  return table.storage === 'ram_copies' ? 'ram' : 'main';
}

/** The table with its schema, as a statement names it. */
export function qualifiedName(table: Table<object>): string {
  return `${schemaOf(table)}.${quote(table.name)}`;
}
