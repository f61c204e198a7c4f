import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { UsageError } from "./commands/command.js";

/** Where a command talks to people: results on standard output, everything else on standard error. */
export interface Terminal {
  /** Whether somebody is there to answer. */
  readonly interactive: boolean;
  /** A line of the result. */
  print(line: string): void;
  /** A line about what is going on. */
  note(line: string): void;
  /**
   * Asks for something that must not be seen, and does not show it.
   * @throws UsageError where nobody is there to answer.
   */
  askSecret(question: string): Promise<string>;
  /** Asks a yes or no question; no is the default. */
  confirm(question: string): Promise<boolean>;
}

type Input = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

const ENTER = /[\r\n]/;
const [INTERRUPT, END_OF_INPUT, DELETE, BACKSPACE] = ["\u0003", "\u0004", "\u007f", "\b"];

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  readonly #input: Input;
  readonly #output: Writable;
  readonly #notes: Writable;

  constructor(
    input: Input = process.stdin,
    output: Writable = process.stdout,
    notes: Writable = process.stderr,
  ) {
    this.#input = input;
    this.#output = output;
    this.#notes = notes;
  }

  get interactive(): boolean {
    return this.#input.isTTY === true;
  }

  print(line: string): void {
    this.#output.write(`${line}\n`);
  }

  note(line: string): void {
    this.#notes.write(`${line}\n`);
  }

  async askSecret(question: string): Promise<string> {
    if (!this.interactive) throw new UsageError(`${question}: nobody is at the terminal to answer`);
    this.#notes.write(`${question}: `);
    this.#input.setRawMode?.(true);
    try {
      return await this.#readSecret();
    } finally {
      this.#input.setRawMode?.(false);
      this.#input.pause();
      this.#notes.write("\n");
    }
  }

  async confirm(question: string): Promise<boolean> {
    if (!this.interactive) return false;
    const lines = createInterface({ input: this.#input, output: this.#notes });
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  }

  /** Reads keys one by one: in raw mode the terminal neither shows nor edits them. */
  #readSecret(): Promise<string> {
    return new Promise((resolve, reject) => {
      let secret = "";
      const finish = (settle: () => void): void => {
        this.#input.off("data", onData);
        settle();
      };
      const onData = (chunk: Buffer | string): void => {
        for (const key of chunk.toString()) {
          if (ENTER.test(key)) return finish(() => resolve(secret));
          if (key === INTERRUPT || key === END_OF_INPUT)
            return finish(() => reject(new UsageError("nothing was entered")));
          if (key === DELETE || key === BACKSPACE) secret = Array.from(secret).slice(0, -1).join("");
          else secret += key;
        }
      };
      this.#input.on("data", onData);
      this.#input.resume();
    });
  }
}
