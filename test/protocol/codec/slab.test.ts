import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { slabBytes, takeBytes } from '../../../protocol/codec/slab.ts';

void t.test('no byte is given twice, and a large piece has memory of its own', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(slabBytes + 100), { maxLength: 100 }), lengths => {
      const pieces = lengths.map(takeBytes);
      for (const [index, piece] of pieces.entries()) {
        assert.equal(piece.length, lengths[index]);
        assert.ok(piece.every(byte => byte === 0));
        const alone = piece.length > slabBytes / 2;
        assert.equal(piece.buffer.byteLength, alone ? piece.length : slabBytes);
        piece.fill(index + 1);
      }
      for (const [index, piece] of pieces.entries())
        assert.ok(piece.every(byte => byte === ((index + 1) & 0xff)));
    }),
  );
});
