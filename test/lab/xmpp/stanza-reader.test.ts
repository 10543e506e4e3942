import t from 'tap';
import { attribute, StanzaError, StanzaReader } from '../../../lab/xmpp/stanza-reader.ts';

const stream = [
  `<?xml version='1.0'?>`,
  `<stream:stream id='1' xmlns='jabber:client'>`,
  `<stream:features><mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
  `<r xmlns='urn:xmpp:sm:3'/>`,
  `<message from='a@b/c' id='1'><body>one &gt; two</body></message>`,
  `<message id='2'/>`,
  `</stream:stream>`,
];
/** The declaration is no element. */
const expected = [
  ['stream:stream', stream[1]],
  ['stream:features', stream[2]],
  ['r', stream[3]],
  ['message', stream[4]],
  ['message', stream[5]],
  ['/stream:stream', stream[6]],
];

void t.test('elements come out whole, wherever the bytes were cut', async t => {
  const text = stream.join('');
  for (let size = 1; size <= text.length; size++) {
    const found: unknown[] = [];
    const reader = new StanzaReader((name, element) => found.push([name, element]));
    for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
    t.same(found, expected, `in pieces of ${size}`);
  }
});

void t.test('white space between elements is a sign of life, no element', async t => {
  const found: string[] = [];
  const reader = new StanzaReader(name => found.push(name));
  reader.push(' \n<a/> <b></b>\n');
  t.same(found, ['a', 'b']);
});

void t.test('an element without an end has a limit', async t => {
  const reader = new StanzaReader(() => undefined);
  reader.push('<message>');
  t.throws(() => reader.push('x'.repeat(1 << 20)), StanzaError);
});

void t.test('attributes are those of the first tag, in either quotes', async t => {
  const element = `<message id='7' from="a@b/c"><inner to='d'/></message>`;
  t.equal(attribute(element, 'id'), '7');
  t.equal(attribute(element, 'from'), 'a@b/c');
  t.equal(attribute(element, 'to'), undefined, 'not of what is inside');
  t.equal(attribute(element, 'd'), undefined, 'not the end of another name');
});
