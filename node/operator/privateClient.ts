import { isIPv6 } from "node:net";
import type { NodeConfig } from "../config/schema.js";
import { CommandFailed } from "./commands/command.js";

const TIMEOUT_MS = 10_000;

/** Nobody listens on the node's private port. */
export class NodeNotRunning extends CommandFailed {
  constructor(url: string, cause: unknown) {
    super(`no node answers at ${url}: is it running, and is private.port right?`, cause);
  }
}

/** Somebody listens there, but does not answer in time. */
export class NodeSilent extends CommandFailed {}

export interface PrivateAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a running node on its private port. */
export class PrivateClient {
  readonly url: string;

  constructor({ host, port }: NodeConfig["private"]) {
    if (port === 0)
      throw new CommandFailed("private.port is 0, any that is free: give it a number to reach it");
    // What the node binds to everywhere is reached by loopback.
    const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    this.url = `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
  }

  /** @throws NodeNotRunning; NodeSilent; CommandFailed where what answers is no node. */
  async ask(
    method: "GET" | "POST",
    path: string,
    body?: object,
    timeoutMs = TIMEOUT_MS,
  ): Promise<PrivateAnswer> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.url), {
        method,
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "TimeoutError")
        throw new NodeSilent(
          `the node at ${this.url} has not answered for ${timeoutMs / 1_000} s; what it was asked may still be done: see \`dtelecom-node status\``,
          error,
        );
      throw new NodeNotRunning(this.url, error);
    }
    try {
      return { status: response.status, body: await response.json() };
    } catch (error) {
      throw new CommandFailed(`what answers at ${this.url} is no node of this kind`, error);
    }
  }
}
