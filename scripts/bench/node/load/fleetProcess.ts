/** A process of light endpoints: one may publish, the others receive. Commands come from `Fleet`. */
import { z } from "zod";
import { serveRpc } from "../support/childRpc.js";
import { remoteDescriptionSchema } from "./description.js";
import type { LocalDescription } from "./description.js";
import { LightEndpoint, localFingerprint } from "./LightEndpoint.js";
import { MediaSource } from "./MediaSource.js";

const REPORT_INTERVAL_MS = 1_000;
const KEEP_ALIVE_INTERVAL_MS = 5_000;

const endpoints = new Map<number, LightEndpoint>();
const sources = new Map<number, MediaSource>();
let nextId = 0;

setInterval(() => {
  for (const endpoint of endpoints.values()) endpoint.sendReceiverReport();
}, REPORT_INTERVAL_MS);
setInterval(keepAlive, KEEP_ALIVE_INTERVAL_MS);

serveRpc({
  async open(): Promise<LocalDescription> {
    const endpoint = await LightEndpoint.open();
    const id = nextId++;
    endpoints.set(id, endpoint);
    return { id, port: endpoint.port, ...endpoint.credentials, fingerprint: await localFingerprint() };
  },
  async connect(data) {
    const { id, remote } = z.object({ id: z.number(), remote: remoteDescriptionSchema }).parse(data);
    const endpoint = endpointOf(id);
    await endpoint.connect(remote);
    return endpoint.profileName;
  },
  count(data) {
    const counters = z
      .array(z.number())
      .parse(data)
      .map((id) => endpointOf(id).counters);
    return counters.map((counter) => ({ ...counter.total(), rtcp: counter.rtcpReceived }));
  },
  startSource(data) {
    const id = z.number().parse(data);
    const endpoint = endpointOf(id);
    const source = sources.get(id) ?? new MediaSource((header, payload) => endpoint.sendRtp(header, payload));
    sources.set(id, source);
    source.start();
  },
  /** Answers with the packets that were sent since the source was first started. */
  stopSource(data) {
    const source = sources.get(z.number().parse(data));
    source?.stop();
    return source?.packetsSent ?? 0;
  },
  /** Reads nothing and does nothing for a time: what comes is counted, and dropped, by the kernel. */
  park(data) {
    const milliseconds = z.number().parse(data);
    keepAlive();
    for (const endpoint of endpoints.values()) endpoint.shrinkBuffer();
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds), 100);
  },
  async close(data) {
    const id = z.number().parse(data);
    const endpoint = endpointOf(id);
    endpoints.delete(id);
    sources.get(id)?.stop();
    sources.delete(id);
    await endpoint.close();
  },
});

function keepAlive(): void {
  for (const endpoint of endpoints.values()) endpoint.keepAlive();
}

function endpointOf(id: number): LightEndpoint {
  const endpoint = endpoints.get(id);
  if (!endpoint) throw new Error(`no endpoint ${id}`);
  return endpoint;
}
