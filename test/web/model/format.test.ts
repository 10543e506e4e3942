/** Figures are short, and none is written in a way that its size would deny. */
import t from 'tap';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMicros,
  formatRate,
  formatShare,
  formatTime,
  plural,
} from '../../../web/model/format.ts';

void t.test('counts', async t => {
  t.equal(formatCount(0), '0');
  t.equal(formatCount(1_234), '1,234');
  t.equal(formatCount(100_060), '100,060');
  t.equal(formatCount(999_999), '999,999');
  t.equal(formatCount(999_999.7), '1.00 M');
  t.equal(formatCount(1_234_567), '1.23 M');
  t.equal(formatCount(45_600_000), '45.6 M');
});

void t.test('rates have a decimal while they are small', async t => {
  t.equal(formatRate(0), '0');
  t.equal(formatRate(0.25), '0.3');
  t.equal(formatRate(9.96), '10');
  t.equal(formatRate(1_234.4), '1,234');
});

void t.test('bytes take the largest prefix that leaves something before the point', async t => {
  t.equal(formatBytes(0), '0 B');
  t.equal(formatBytes(999), '999 B');
  t.equal(formatBytes(1_000), '0.98 KiB');
  t.equal(formatBytes(1_536), '1.50 KiB');
  t.equal(formatBytes(310.4 * 2 ** 20), '310 MiB');
  t.equal(formatBytes(16 * 2 ** 30), '16.0 GiB');
});

void t.test('microseconds', async t => {
  t.equal(formatMicros(870), '870 µs');
  t.equal(formatMicros(12_300), '12.3 ms');
  t.equal(formatMicros(4_560_000), '4.56 s');
  t.equal(formatMicros(12 * 60_000_000), '12 min');
});

void t.test('durations have the two largest units', async t => {
  t.equal(formatDuration(-5), '0 ms');
  t.equal(formatDuration(999), '999 ms');
  t.equal(formatDuration(12_000), '12 s');
  t.equal(formatDuration(200_000), '3 min 20 s');
  t.equal(formatDuration(3_600_000), '1 h');
  t.equal(formatDuration(18_720_000), '5 h 12 min');
  t.equal(formatDuration((9 * 24 + 4) * 3_600_000 + 59_000), '9 d 4 h');
});

void t.test('times of day, and none', async t => {
  t.equal(formatTime(new Date(2026, 10, 21, 8, 44, 7, 120).getTime()), '08:44:07.120');
  t.equal(formatTime(null), '–');
});

void t.test('one and many', async t => {
  t.equal(plural(1, 'event'), '1 event');
  t.equal(plural(0, 'event'), '0 events');
  t.equal(plural(2, 'process', 'processes'), '2 processes');
});

void t.test('a share is what was asked for, however small', async t => {
  t.same([0.01, 0.005, 0.00001, 0.29, 1 / 3].map(formatShare), [
    ...['1 %', '0.5 %', '0.001 %', '29 %', '33.3333 %'],
  ]);
});
