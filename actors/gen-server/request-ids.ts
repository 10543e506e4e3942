/**
 * Collections of request ids with a label each: `reqids_new/0` and so on of `gen_server.erl`. A
 * collection never changes; what adds or removes returns another one.
 */
import { asId, requestOf } from './pending-request.ts';
import type { PendingRequest, RequestId } from './pending-request.ts';

declare const labelType: unique symbol;

/** Requests under way, each with a label that says what it was for. */
export interface RequestIdCollection<Label = unknown> {
  readonly [labelType]: Label;
}

export class Collection {
  readonly labels: ReadonlyMap<PendingRequest, unknown>;

  constructor(labels: ReadonlyMap<PendingRequest, unknown>) {
    this.labels = labels;
  }

  without(request: PendingRequest): Collection {
    const labels = new Map(this.labels);
    labels.delete(request);
    return new Collection(labels);
  }
}

/** A collection without any request. */
export function reqidsNew<Label = unknown>(): RequestIdCollection<Label> {
  return sealed(new Collection(new Map()));
}

/** @throws TypeError for what is no collection */
export function reqidsSize(collection: RequestIdCollection): number {
  return collectionOf(collection, 'reqidsSize()').labels.size;
}

/**
 * The collection with one more request.
 * @throws TypeError when it is in there already, or something is not what it should be
 */
export function reqidsAdd<Label>(
  id: RequestId,
  label: Label,
  collection: RequestIdCollection<Label>,
): RequestIdCollection<Label> {
  const { labels } = collectionOf(collection, 'reqidsAdd()');
  const request = requestOf(id, 'reqidsAdd()');
  if (labels.has(request)) throw new TypeError('reqidsAdd(): the request is in there already');
  return sealed(new Collection(new Map(labels).set(request, label)));
}

/** All requests of the collection with their labels. */
export function reqidsToList<Label>(
  collection: RequestIdCollection<Label>,
): (readonly [RequestId, Label])[] {
  const { labels } = collectionOf(collection, 'reqidsToList()');
  return [...labels].map(([request, label]) => [asId(request), label as Label] as const);
}

export function collectionOf(collection: unknown, what: string): Collection {
  if (collection instanceof Collection) return collection;
  throw new TypeError(`${what} expects a collection that reqidsNew() or reqidsAdd() returned`);
}

export function sealed<Label>(collection: Collection): RequestIdCollection<Label> {
  return collection as unknown as RequestIdCollection<Label>;
}
