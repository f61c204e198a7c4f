import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const MAIN = fileURLToPath(new URL("../../../../node/main.ts", import.meta.url));
const readySchema = z.looseObject({
  ready: z.literal(true),
  nodeId: z.string(),
  url: z.string(),
  port: z.number(),
  privatePort: z.number(),
  media: z.array(z.object({ udp: z.number(), tcp: z.number() })),
});

/** A node in a process of its own. */
export class NodeProcess {
  readonly ready: z.infer<typeof readySchema>;
  readonly #child: ChildProcess;
  readonly #output: { log: string };
  readonly #exited: Promise<unknown>;

  /** Resolves when participants can join. */
  static async start(configFile: string, environment: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "start", "--config", configFile], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { log: "" };
    child.stderr.on("data", (chunk: Buffer) => (output.log += chunk.toString()));
    const exited = once(child, "close").then(([code]: unknown[]) => code);
    const first = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).once("line", resolve);
    });
    const line = await Promise.race([first, exited.then(() => output.log)]);
    return new NodeProcess(readySchema.parse(JSON.parse(line)), child, output, exited);
  }

  private constructor(
    ready: z.infer<typeof readySchema>,
    child: ChildProcess,
    output: { log: string },
    exited: Promise<unknown>,
  ) {
    this.ready = ready;
    this.#child = child;
    this.#output = output;
    this.#exited = exited;
  }

  get log(): string {
    return this.#output.log;
  }

  get privateUrl(): string {
    return `http://127.0.0.1:${this.ready.privatePort}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves to the exit code. */
  get exited(): Promise<unknown> {
    return this.#exited;
  }

  /** Ends it, if it has not ended. */
  async stop(): Promise<unknown> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGTERM");
    return this.#exited;
  }
}

/** A TCP port of this machine that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
