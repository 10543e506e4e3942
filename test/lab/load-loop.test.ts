import t from 'tap';
import { LoadLoop } from '../../lab/load-loop.ts';

void t.test('a message is over on arrival where nobody tells what was accepted', async t => {
  const loop = new LoadLoop<'a'>(2);
  let seq = 0;
  let underWay = 0;
  let most = 0;
  const send = (): number => {
    seq++;
    const mine = seq;
    underWay++;
    most = Math.max(most, underWay);
    setImmediate(() => {
      underWay--;
      loop.arrived('a', mine);
      loop.turnEnd();
    });
    return mine;
  };
  loop.addSender('a', { send, receivers: 1, accepted: false });
  const result = await loop.run({ seconds: 0.05 });
  t.equal(most, 2, 'the window is kept, and filled');
  t.ok(result.delivered > 2);
  t.ok(result.deliveredInAll >= result.delivered);
  t.equal(result.deliveredInAll, seq, 'all that was sent has arrived when the run is over');
});

void t.test('it is over at the last of its receivers and not before it is accepted', async t => {
  const loop = new LoadLoop<'a'>(1);
  const sent: number[] = [];
  const steps: (() => void)[] = [];
  const send = (): number => {
    const seq = sent.length + 1;
    sent.push(seq);
    steps.push(
      () => loop.arrived('a', seq),
      () => loop.arrived('a', seq),
      () => loop.accepted('a', seq),
    );
    return seq;
  };
  loop.addSender('a', { send, receivers: 2, accepted: true });
  const run = loop.run({ seconds: 0.01 });
  for (let i = 0; i < 3; i++) {
    t.equal(sent.length, 1, `${i} of 3 signs have come`);
    steps.shift()?.();
  }
  t.equal(sent.length, 2);
  const finish = setInterval(() => steps.shift()?.(), 0);
  t.equal((await run).deliveredInAll, sent.length * 2);
  clearInterval(finish);
});

void t.test('what does not arrive is counted where it may be given up', async t => {
  const loop = new LoadLoop<'a'>(2);
  let seq = 0;
  let arrives = false;
  const send = (): number => {
    const mine = ++seq;
    if (arrives)
      setImmediate(() => {
        loop.accepted('a', mine);
        loop.arrived('a', mine);
      });
    return mine;
  };
  loop.addSender('a', { send, receivers: 1, accepted: true });
  const lossy = await loop.run({ seconds: 0.01, giveUpAfterMs: 1 });
  t.equal(lossy.missing, 2, 'a whole window');
  t.equal(lossy.deliveredInAll, 0);
  arrives = true;
  const next = await loop.run({ seconds: 0.01 });
  t.equal(next.missing, 0);
  t.ok(next.deliveredInAll > 2, 'what was given up takes no place in the window');
});

void t.test('a failure ends the run with its reason, and every further one', async t => {
  const loop = new LoadLoop<'a'>(1);
  const run = loop.run({ seconds: 60 });
  loop.fail(new Error('the line is dead'));
  await t.rejects(run, /the line is dead/);
  await t.rejects(loop.run({ seconds: 60 }), /the line is dead/);
  t.throws(() => loop.accepted('nobody' as 'a', 1), RangeError);
});

void t.test('what an earlier load has left is no message of this one', async t => {
  const loop = new LoadLoop<'a' | 'stranger'>(1);
  let seq = 10;
  const send = (): number => {
    seq++;
    const mine = seq;
    setImmediate(() => {
      loop.arrived('a', mine);
    });
    return mine;
  };
  loop.addSender('a', { send, receivers: 1, accepted: false });
  loop.arrived('a', 10);
  loop.arrived('stranger', 11);
  const running = loop.run({ seconds: 0.02 });
  loop.arrived('a', 10);
  loop.arrived('stranger', 12);
  const result = await running;
  t.equal(result.deliveredInAll, seq - 10, 'only its own are counted');
});
