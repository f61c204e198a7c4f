import { errors } from "mediasoup";

/** Why the media server did not do what it was asked. */
export type MediaErrorCode =
  | "bandwidth_limit"
  | "bitrate_limit"
  | "closed"
  | "data_channel_limit"
  | "failed"
  | "invalid_parameters"
  | "load_limit"
  | "no_worker"
  | "not_found"
  | "packet_limit"
  | "peer_exists"
  | "peer_limit"
  | "room_limit"
  | "subscription_limit"
  | "track_limit"
  | "transport_exists"
  | "worker_died";

export class MediaError extends Error {
  override readonly name = "MediaError";
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Runs a request to mediasoup and turns what it throws into a `MediaError`: `invalid_parameters` for a `TypeError`,
 * which is how mediasoup says that it does not accept them; `worker_died` where the worker's process is gone; and else
 * `failed`, as where the object closed meanwhile or where a transport is connected twice.
 */
export async function asMediaError<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof MediaError) throw error;
    if (error instanceof errors.WorkerClosedError) {
      throw new MediaError("worker_died", `${what}: the media worker died; join again`, { cause: error });
    }
    const message = error instanceof Error ? error.message : String(error);
    const isRefused = error instanceof TypeError || error instanceof errors.UnsupportedError;
    const code = isRefused ? "invalid_parameters" : "failed";
    throw new MediaError(code, `${what}: ${message}`, { cause: error });
  }
}

export function notFound(what: string, id: string): MediaError {
  return new MediaError("not_found", `there is no ${what} with the id ${id}`);
}
