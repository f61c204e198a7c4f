import { createEpochClock } from "../protocol/epochClock.js";
import type { ClientAnswers, PeerInfo } from "../protocol/signaling.js";
import type { SignedReceipt } from "../protocol/typedData.js";
import type { ConnectOptions } from "./connectOptions.js";
import { LocalMedia } from "./LocalMedia.js";
import { MediaTransports } from "./MediaTransports.js";
import { ReceiptKeeper } from "./ReceiptKeeper.js";
import { RemoteMedia } from "./RemoteMedia.js";
import { createDevice } from "./rtc.js";
import { isLost } from "./SignalingConnection.js";
import type { NodeNotification, Requester, Welcome } from "./SignalingConnection.js";

export interface SessionMediaOptions extends Pick<
  ConnectOptions,
  "sessionKey" | "rtc" | "receiptIntervalMs" | "iceGiveUpAfterMs"
> {
  readonly node: Requester;
  readonly welcome: Welcome;
  readonly answer: ClientAnswers["join"];
  readonly peerOf: (peerId: string) => PeerInfo | undefined;
  /** Whether the node can be asked now. */
  readonly connected: () => boolean;
  readonly onReceipt: (receipt: SignedReceipt) => void;
  readonly onEpoch: (epoch: number) => void;
  readonly onError: (error: Error) => void;
  /** A media path is interrupted: the node may be dead. */
  readonly onInterrupted: () => void;
  /** No media path to the node is left. */
  readonly onHopeless: () => void;
}

/** Notifications of the node about media and receipts. */
export type MediaNotification = Extract<
  NodeNotification,
  | { method: "epoch" }
  | { method: "producerClosed" | "producerPaused" | "producerResumed" }
  | { method: "dataProducerClosed" | "layersChanged" }
>;

const DEFAULT_RECEIPT_INTERVAL_MS = 3_000;

/** All media between a participant and one node, what of it is the participant's own, and the receipts for it. */
export class SessionMedia {
  readonly transports: MediaTransports;
  readonly remote: RemoteMedia;
  readonly local: LocalMedia;
  readonly keeper: ReceiptKeeper;
  readonly #options: SessionMediaOptions;
  readonly #receiptTimer: ReturnType<typeof setInterval>;

  /** @throws EpochRefused where the node's epoch cannot be, UnsupportedError where there is no WebRTC. */
  static async open(options: SessionMediaOptions): Promise<SessionMedia> {
    const { node, welcome, answer, rtc = {}, peerOf, iceGiveUpAfterMs, onError } = options;
    const { onInterrupted, onHopeless } = options;
    const { nodeId, domain } = welcome;
    const { epoch, lastReceipt, routerRtpCapabilities } = answer;
    const media: { transports?: MediaTransports; remote?: RemoteMedia } = {};
    const keeper = new ReceiptKeeper({
      ...{ nodeId, domain, clock: createEpochClock(welcome), sessionKey: options.sessionKey },
      ...{ epoch, lastReceipt, onAcknowledged: options.onReceipt },
      readStatistics: async () => media.transports?.receiveStatistics(),
      dataBytesReceived: () => media.remote?.dataBytesReceived ?? 0n,
      send: (receipt) => node.request("receipt", receipt),
      // What a broken connection swallowed is sent once it is mended.
      onError: (error) => {
        if (!isLost(error)) onError(error);
      },
    });
    const device = await createDevice(rtc);
    await device.load({ routerRtpCapabilities });
    const transports = new MediaTransports({
      ...{ device, rtc, node, iceGiveUpAfterMs, onError, onInterrupted, onHopeless },
    });
    const remote = new RemoteMedia({ transports, node, peerOf, sample: () => keeper.sample() });
    Object.assign(media, { transports, remote });
    return new SessionMedia(
      options,
      keeper,
      transports,
      remote,
      new LocalMedia({ device, transports, node }),
    );
  }

  private constructor(
    options: SessionMediaOptions,
    keeper: ReceiptKeeper,
    transports: MediaTransports,
    remote: RemoteMedia,
    local: LocalMedia,
  ) {
    this.#options = options;
    this.keeper = keeper;
    this.transports = transports;
    this.remote = remote;
    this.local = local;
    const { receiptIntervalMs = DEFAULT_RECEIPT_INTERVAL_MS, connected } = options;
    this.#receiptTimer = setInterval(() => {
      if (!keeper.idle) return;
      void (connected() ? keeper.submit() : keeper.bridge());
    }, receiptIntervalMs);
  }

  /** Takes what the node says about media and receipts. */
  notified({ method, data }: MediaNotification): void {
    switch (method) {
      case "epoch":
        return this.#epochAnnounced(data.epoch);
      case "producerClosed":
        return void this.remote.ended(data.producerId);
      case "producerPaused":
        return void this.remote.paused(data.producerId, true);
      case "producerResumed":
        return void this.remote.paused(data.producerId, false);
      case "dataProducerClosed":
        return this.remote.endedData(data.dataProducerId);
      case "layersChanged":
        return this.remote.layersChanged(data.consumerId, data.layers);
    }
  }

  /**
   * The session goes on after a broken connection: makes both sides agree again.
   * @throws EpochRefused, Disconnected.
   */
  async reconcile(answer: ClientAnswers["resume"]): Promise<void> {
    this.remote.reconcile(answer);
    await this.local.reconcile(answer);
    void this.keeper.resume(answer.epoch, answer.lastReceipt);
  }

  /** No more receipts by themselves; a last one may be asked of the keeper. */
  stopReceipts(): void {
    clearInterval(this.#receiptTimer);
  }

  close(): void {
    this.stopReceipts();
    this.transports.close();
    this.remote.close();
  }

  #epochAnnounced(epoch: number): void {
    const { onEpoch, onError } = this.#options;
    try {
      void this.keeper.advance(epoch).then(() => {
        onEpoch(epoch);
      });
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
