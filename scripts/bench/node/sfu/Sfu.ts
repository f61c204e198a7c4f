import type { LocalDescription, RemoteDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";

/** One endpoint's connection to a media server. */
export interface Leg {
  readonly remote: RemoteDescription;
  /** To be called once the endpoint is connected: from now on media flows. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** A media server with one room, into which the load generator's endpoints come. */
export interface Sfu {
  readonly name: string;
  /** The process that moves the packets. */
  readonly mediaPid: number;
  /** The process that drives it, where it is another one. */
  readonly driverPid: number | undefined;
  /** There is one publisher, and it comes first. */
  publish(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg>;
  subscribe(local: LocalDescription): Promise<Leg>;
  stop(): Promise<void>;
}
