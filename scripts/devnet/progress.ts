/** What the supervisor says on the terminal: one line a step, with the time it took. */

const NAME_WIDTH = 13;

export interface Progress {
  /** A step that takes a while: said when it is done, with what came out of it. */
  step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T>;
  say(name: string, text: string): void;
  gap(): void;
}

export function terminalProgress(write: (line: string) => void = console.log): Progress {
  const line = (name: string, text: string) => write(`  ${name.padEnd(NAME_WIDTH)} ${text}`);
  return {
    async step(name, work, describe) {
      const startedAt = performance.now();
      const result = await work();
      line(name, `${describe(result)}  (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
      return result;
    },
    say: line,
    gap: () => write(""),
  };
}

/** For tests: nothing is said. */
export const silentProgress: Progress = {
  step: (_name, work) => work(),
  say: () => {},
  gap: () => {},
};
