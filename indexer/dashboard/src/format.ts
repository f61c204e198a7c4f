/** How values are shown. */

const WEI_PER_DTEL = 10n ** 18n;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** An amount in wei as DTEL, with about four significant digits. */
export function dtel(wei: bigint): string {
  const whole = wei / WEI_PER_DTEL;
  if (whole >= 1_000n) return number.format(whole);
  const value = Number(wei) / Number(WEI_PER_DTEL);
  if (value === 0) return "0";
  return value.toLocaleString("en", { minimumSignificantDigits: 3, maximumSignificantDigits: 4 });
}

/** A number of bytes in decimal units. */
export function bytes(count: bigint): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = Number(count);
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/** 1/10,000 as a percentage. */
export function percent(basisPoints: number): string {
  return `${(basisPoints / 100).toFixed(basisPoints % 100 === 0 ? 0 : 1)} %`;
}

export function count(value: bigint | number): string {
  return number.format(value);
}

/** An address short enough to read, long enough to tell apart. */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** Time of the day. */
export function clockTime(date: Date): string {
  return date.toLocaleTimeString("en-GB");
}

/** Seconds as minutes and seconds. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  return left < 60 ? `${left} s` : `${Math.floor(left / 60)} min ${String(left % 60).padStart(2, "0")} s`;
}
