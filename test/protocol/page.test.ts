/** docs/protocol.md against the code: its tables, and what its examples decode to. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { decodeClientFrame, decodeServerFrame, encodeFrame } from '../../protocol/codec/frame.ts';
import { depthLimit, unpack } from '../../protocol/codec/msgpack.ts';
import { rowKinds } from '../../protocol/codec/rows.ts';
import { decodeContent, encodeContent, type TextContent } from '../../protocol/content/envelope.ts';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { errors } from '../../protocol/errors.ts';
import { isDeviceId, isGroupId, isUserId, type DeviceId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import { packetKinds, type ClientPacket, type ServerPacket } from '../../protocol/packets.ts';
import { methods } from '../../protocol/requests.ts';
import type { Row } from '../../protocol/rows.ts';
import { loginBytes } from '../../protocol/signing.ts';
import { clientPacket, refusal, row, serverPacket } from './arbitraries.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');

/** The text under a heading, up to the next one of its level or above. */
function section(heading: string): string {
  const level = heading.indexOf(' ');
  const start = page.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `the page has no heading ${heading}`);
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`\n#{1,${level}} `));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The cells of the first table in the text, without its head. */
const table = (text: string): string[][] =>
  (/(?:^\|.*\|\n)+/m.exec(text)?.[0] ?? '')
    .trim()
    .split('\n')
    .slice(2)
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    );

const code = (cell: string | undefined): string => /^`(.*?)`/.exec(cell ?? '')?.[1] ?? '';

/** The fields of a table `# | field | type`, checked to be numbered 1, 2, 3 …. */
function fieldsOf(heading: string): string[] {
  const rows = table(section(heading));
  rows.forEach(([position], index) => assert.equal(position, String(index + 1), heading));
  return rows.map(([, field]) => code(field));
}

const headings = (pattern: RegExp): [number, string][] =>
  [...page.matchAll(pattern)].map(([, number, name]) => [Number(number), name ?? '']);

/** What the values of each kind have as fields, in the order of the array that is sent. */
function sample<T extends { kind: string }>(
  arbitrary: fc.Arbitrary<T>,
  encoded: (value: T) => readonly unknown[],
): Map<string, { keys: Set<string>; length: number }> {
  const found = new Map<string, { keys: Set<string>; length: number }>();
  for (const value of fc.sample(arbitrary, { numRuns: 600, seed: 1 })) {
    const entry = found.get(value.kind) ?? { keys: new Set(), length: encoded(value).length };
    for (const key of Object.keys(value)) if (key !== 'kind') entry.keys.add(key);
    found.set(value.kind, entry);
  }
  return found;
}

const encodedPacket = (packet: ClientPacket | ServerPacket): readonly unknown[] => {
  const frame = encodeFrame([packet]);
  return (unpack(frame, 0, frame.length) as unknown[][])[0] ?? [];
};
const encodedRow = (value: Row): readonly unknown[] =>
  (encodedPacket({ kind: 'deliver', after: 0, rows: [value] })[2] as unknown[][])[0] ?? [];

void t.test('packets: every number, every field in its place', async t => {
  t.same(
    headings(/^### (\d+) `(\w+)`$/gm),
    Object.entries(packetKinds).map(([kind, number]) => [number, kind]),
  );
  t.equal(section('## Packets of a client').match(/^### /gm)?.length, 6);
  const packets = new Map([
    ...sample(clientPacket, encodedPacket),
    ...sample(serverPacket, encodedPacket),
  ]);
  for (const [kind, number] of Object.entries(packetKinds)) {
    const fields = fieldsOf(`### ${number} \`${kind}\``);
    const packet = packets.get(kind);
    t.same(new Set(fields), packet?.keys, kind);
    t.equal(fields.length + 1, packet?.length, kind);
  }
});

void t.test('the order of fields is that of the bytes', async t => {
  for (const packet of fc.sample(fc.oneof(clientPacket, serverPacket), { numRuns: 300, seed: 2 })) {
    const fields = fieldsOf(`### ${packetKinds[packet.kind]} \`${packet.kind}\``);
    const array = encodedPacket(packet);
    fields.forEach((field, index) => {
      const value = (packet as unknown as Record<string, unknown>)[field];
      if (typeof value === 'number' || typeof value === 'string')
        assert.equal(array[index + 1], value, `${packet.kind} ${field}`);
    });
  }
  t.pass();
});

void t.test('rows', async t => {
  t.same(
    headings(/^### Row (\d+) `(\w+)`$/gm),
    Object.entries(rowKinds).map(([kind, number]) => [number, kind]),
  );
  const rows = sample(row, encodedRow);
  for (const [kind, number] of Object.entries(rowKinds)) {
    const fields = fieldsOf(`### Row ${number} \`${kind}\``);
    t.same(new Set(fields), rows.get(kind)?.keys, kind);
    t.equal(fields.length + 1, rows.get(kind)?.length, kind);
  }
});

void t.test('refusals', async t => {
  const told = table(section('## Refusals')).map(([cell]) => {
    const [name, ...rest] = code(cell).slice(1, -1).split(', ');
    return [name?.slice(1, -1), 1 + rest.length];
  });
  const real = new Map(
    fc
      .sample(refusal, { numRuns: 200, seed: 1 })
      .map(why => [
        why.code,
        (encodedPacket({ kind: 'rejected', seq: 1, rev: 0, why, upTo: 0 })[3] as unknown[]).length,
      ]),
  );
  t.same(Object.fromEntries(told), Object.fromEntries(real));
});

void t.test('requests', async t => {
  const rows = table(section('## Requests'));
  t.same(
    rows.map(([method]) => code(method)),
    methods,
  );
  const keys = (cell = ''): string[] =>
    cell === 'nothing' ? [] : [...cell.matchAll(/`(\w+)`/g)].map(match => match[1] ?? '');
  for (const packet of fc.sample(clientPacket, { numRuns: 500, seed: 3 })) {
    if (packet.kind !== 'request') continue;
    const cell = rows.find(([method]) => code(method) === packet.method)?.[1];
    assert.deepEqual(keys(cell), Object.keys(packet.argument), packet.method);
  }
});

void t.test('errors', async t => {
  t.same(
    table(section('## Errors')),
    Object.entries(errors).map(([name, { closes, again, text }]) => [
      `\`${name}\``,
      closes === null ? '–' : String(closes),
      again ? 'yes' : 'no',
      text,
    ]),
  );
});

void t.test('limits', async t => {
  const rows = table(section('## Limits'));
  t.same(
    Object.fromEntries(
      rows.map(([name, value]) => [code(name), Number(value?.replaceAll(',', ''))]),
    ),
    limits,
  );
  const announced = rows.filter(([, , mark]) => mark === 'w').map(([name]) => code(name));
  const [welcome] = fc.sample(
    serverPacket.filter(packet => packet.kind === 'welcome'),
    { numRuns: 1, seed: 1 },
  );
  t.same(new Set(announced), new Set(Object.keys(welcome!.limits)));
  t.match(page, `nested ${depthLimit} deep`);
});

void t.test('names', async t => {
  const [user, device, group] = table(section('## Names')).map(([, , example]) => code(example));
  t.ok(isUserId(user));
  t.ok(isDeviceId(device));
  t.ok(isGroupId(group));
});

/** Binary as the page writes it. */
const readable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array ? `hex:${Buffer.from(inner).toString('hex')}` : inner,
    ),
  );

const bytesOf = (hex: string): Uint8Array =>
  new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

const examples = [
  ...page.matchAll(/```hex (client|server|body)\n([^`]*)```\n\n```json\n([^`]*)```/g),
].map(([, side, hex = '', json = '']) => ({
  side,
  bytes: bytesOf(hex),
  says: JSON.parse(json) as unknown,
}));

void t.test('examples decode to what the page says, and are what is encoded', async t => {
  t.ok(examples.length >= 15);
  const kinds = new Set<string>();
  for (const { side, bytes, says } of examples) {
    if (side === 'body') {
      const content = decodeContent(bytes);
      t.same(readable(content), says);
      t.same(encodeContent(content as TextContent), bytes);
      continue;
    }
    const packets = side === 'client' ? decodeClientFrame(bytes) : decodeServerFrame(bytes);
    t.same(readable(packets), says);
    t.same(encodeFrame(packets as (ClientPacket | ServerPacket)[]), bytes);
    for (const packet of packets) kinds.add(packet.kind);
  }
  const heartbeat = ['ping', 'pong'];
  t.same(kinds, new Set(Object.keys(packetKinds).filter(kind => !heartbeat.includes(kind))));
});

void t.test('the login of the examples is signed as the page says', async t => {
  const packets = examples.flatMap(({ side, bytes }): readonly { kind: string }[] =>
    side === 'client'
      ? decodeClientFrame(bytes)
      : side === 'server'
        ? decodeServerFrame(bytes)
        : [],
  ) as (ClientPacket | ServerPacket)[];
  const nonce = packets.find(packet => packet.kind === 'challenge')!.nonce;
  const login = packets.find(packet => packet.kind === 'login')!;
  const signed = bytesOf(/```hex login-bytes\n([^`]*)```/.exec(page)?.[1] ?? '');
  t.same(loginBytes('alice:1' as DeviceId, login.roles, nonce), signed);
  const publicKey = bytesOf(/public key\s+`([0-9a-f]{64})`/.exec(page)?.[1] ?? '');
  const seed = bytesOf(/seed\s+`([0-9a-f]{64})`/.exec(page)?.[1] ?? '');
  assert.ok(login.proof.kind === 'signature');
  t.ok(nodeCrypto.verify(publicKey, signed, login.proof.signature));
  t.same(nodeCrypto.sign(seed, signed), login.proof.signature);
});

void t.test('links within the page lead somewhere', async t => {
  const anchors = new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]*)\)/g)) t.ok(anchors.has(anchor), anchor);
});
