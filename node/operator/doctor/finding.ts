/** What one check found. */
export interface Finding {
  /** Stable, for programs: "rpc", "ports.media" … */
  readonly check: string;
  readonly level: "ok" | "warn" | "fail";
  /** What is so. */
  readonly found: string;
  /** What to do about it; absent where all is well. */
  readonly change?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, level: "ok", found });
export const warn = (check: string, found: string, change: string): Finding => ({
  ...{ check, level: "warn", found, change },
});
export const fail = (check: string, found: string, change: string): Finding => ({
  ...{ check, level: "fail", found, change },
});

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
