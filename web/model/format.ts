/** Figures as people read them. All of them are short and of steady width, so that nothing jumps while they change. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `1,234`, from a million on `1.23 M`. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 999_999.5) return whole.format(count);
  return withPrefix(count, 1_000, ['', ' k', ' M', ' G', ' T']);
}

/** A rate per second: one decimal while it is small. */
export function formatRate(perSecond: number): string {
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(perSecond);
}

/** A part of all, 0 to 1, as it was asked for: `1 %`, `0.001 %`. */
export const formatShare = (share: number): string => `${Number((share * 100).toPrecision(6))} %`;

/** `512 B`, `1.46 KiB`, `310 MiB`. */
export function formatBytes(bytes: number): string {
  return withPrefix(bytes, 1_024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** `870 µs`, `12.3 ms`, `4.56 s`, `12 min`. */
export function formatMicros(micros: number): string {
  if (micros < 60_000_000) return withPrefix(micros, 1_000, [' µs', ' ms', ' s']);
  return formatDuration(micros / 1_000);
}

/** The two largest units: `12 s`, `3 min 20 s`, `5 h 12 min`, `9 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1_000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** The local time of day to the millisecond, `08:44:07.120`: what a time line is read by; a dash where it is not known. */
export function formatTime(at: number | null): string {
  if (at === null) return '–';
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** `1 process`, `2 processes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Three figures that count, and the largest prefix that leaves at least one before the point. */
function withPrefix(value: number, base: number, prefixes: readonly string[]): string {
  let scaled = value;
  let index = 0;
  // 999.5 would be written as 1000.
  while (Math.abs(scaled) >= Math.min(base, 999.5) && index < prefixes.length - 1) {
    scaled /= base;
    index += 1;
  }
  const size = Math.abs(scaled);
  const decimals = index === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(decimals)}${prefixes[index] ?? ''}`;
}
