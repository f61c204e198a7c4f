import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalDescription, RemoteDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";
import { JanusSession } from "./JanusSession.js";
import { mediaOf, readSdp, writeSdp } from "./sdp.js";
import { temporaryDirectory } from "../support/temporary.js";
import type { Leg, Sfu } from "./Sfu.js";

const ROOM = 1;
const START_ATTEMPTS = 100;

export interface JanusOptions {
  /** Threads that serve all participants; Janus's default, where left out, is one for each participant. */
  readonly eventLoops?: number | undefined;
}

/** The version of Janus that is installed; undefined where there is none. */
export async function janusVersion(): Promise<string | undefined> {
  // It ends with 1 after it has said its version.
  const child = spawn("janus", ["--version"], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  try {
    await once(child, "close");
  } catch {
    return undefined;
  }
  return /^Janus version: \d+ \((.+)\)/m.exec(output)?.[1] ?? "unknown";
}

/** Janus as Debian packages it, with its VideoRoom plugin, in a process with a configuration of its own. */
export class JanusSfu implements Sfu {
  readonly name = "Janus";
  readonly driverPid = undefined;
  readonly #process: ChildProcess;
  readonly #address: string;
  readonly #session: JanusSession;
  #feed: unknown;

  static async start({ eventLoops }: JanusOptions = {}): Promise<JanusSfu> {
    const address = localAddress();
    const directory = temporaryDirectory("janus");
    const port = await freePort();
    await writeFile(join(directory, "janus.jcfg"), configuration(address, eventLoops));
    await writeFile(join(directory, "janus.plugin.videoroom.jcfg"), "general: {}\n");
    await writeFile(
      join(directory, "janus.transport.websockets.jcfg"),
      `general: { json = "compact"\n ws = true\n ws_port = ${port}\n ws_ip = "127.0.0.1" }\n`,
    );
    const child = spawn("janus", ["-C", join(directory, "janus.jcfg"), "-F", directory], { stdio: "ignore" });
    process.once("exit", () => child.kill("SIGKILL"));
    try {
      const session = await connected(`ws://127.0.0.1:${port}/`, child);
      const admin = await session.attach();
      await session.message(admin, {
        request: "create",
        room: ROOM,
        publishers: 1,
        bitrate: 0,
        audiocodec: "opus",
        videocodec: "vp8",
        transport_wide_cc_ext: false,
        audiolevel_ext: false,
      });
      return new JanusSfu(child, address, session);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  private constructor(child: ChildProcess, address: string, session: JanusSession) {
    this.#process = child;
    this.#address = address;
    this.#session = session;
  }

  get mediaPid(): number {
    if (this.#process.pid === undefined) throw new Error("Janus did not start");
    return this.#process.pid;
  }

  async publish(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg> {
    const handle = await this.#session.attach();
    const media = streams.map((stream, index) => ({ kind: stream.kind, mid: String(index), stream }));
    const { data, sdp = "" } = await this.#session.message(
      handle,
      { request: "joinandconfigure", ptype: "publisher", room: ROOM },
      { type: "offer", sdp: writeSdp(local, this.#address, media) },
    );
    this.#feed = data["id"];
    return this.#leg(handle, readSdp(sdp, false));
  }

  async subscribe(local: LocalDescription): Promise<Leg> {
    const handle = await this.#session.attach();
    const { sdp = "" } = await this.#session.message(handle, {
      ...{ request: "join", ptype: "subscriber", room: ROOM },
      streams: [{ feed: this.#feed }],
    });
    const answer = writeSdp(local, this.#address, mediaOf(sdp));
    await this.#session.message(handle, { request: "start", room: ROOM }, { type: "answer", sdp: answer });
    return this.#leg(handle, readSdp(sdp, true));
  }

  async stop(): Promise<void> {
    this.#session.close();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
  }

  #leg(handle: number, remote: RemoteDescription): Leg {
    return {
      remote,
      // Janus sends as soon as the endpoint is connected.
      begin: () => Promise.resolve(),
      close: () => this.#session.detach(handle),
    };
  }
}

function configuration(address: string, eventLoops: number | undefined): string {
  return `
general: {
  plugins_folder = "${libraryFolder()}/plugins"
  transports_folder = "${libraryFolder()}/transports"
  events_folder = "${libraryFolder()}/events"
  loggers_folder = "${libraryFolder()}/loggers"
  log_to_stdout = false
  debug_level = 0
  interface = "${address}"
  session_timeout = 0
  ${eventLoops === undefined ? "" : `event_loops = ${eventLoops}`}
}
media: { ipv6 = false }
nat: { ice_enforce_list = "${address}" }
plugins: { disable = "${OTHER_PLUGINS.map((name) => `libjanus_${name}.so`).join(",")}" }
transports: { disable = "${OTHER_TRANSPORTS.map((name) => `libjanus_${name}.so`).join(",")}" }
`;
}

const OTHER_PLUGINS = [
  ...["audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom"],
  ...["videocall", "voicemail"],
];
const OTHER_TRANSPORTS = ["http", "mqtt", "nanomsg", "pfunix", "rabbitmq"];

function libraryFolder(): string {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return `/usr/lib/${triplet}/janus`;
}

/** Janus offers no loopback address; packets to any other of this machine's take the same way. */
function localAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === "IPv4" && !internal);
    if (found) return found.address;
  }
  throw new Error("Janus needs an IPv4 address other than 127.0.0.1, and this machine has none");
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function connected(url: string, child: ChildProcess): Promise<JanusSession> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await JanusSession.open(url);
    } catch (error) {
      if (child.exitCode !== null)
        throw new Error(`Janus ended with code ${child.exitCode}`, { cause: error });
      if (attempt === START_ATTEMPTS) throw new Error("Janus does not listen", { cause: error });
      await sleep(100);
    }
  }
}
