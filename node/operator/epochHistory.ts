import type { NodeChain } from "../chain/nodeChain.js";
import type { EpochStore } from "../service/epochStore.js";
import { AgedCache } from "./agedCache.js";

/** What became of an epoch. */
export interface EpochLine {
  readonly epoch: number;
  readonly sessions: number;
  readonly bytesDelivered: bigint;
  /** On chain; undefined where it could not be asked. */
  readonly status: "none" | "attested" | "proven" | "faulted" | undefined;
  readonly claimed: boolean | undefined;
  /** Nothing is left to do. */
  readonly settled: boolean;
}

const MAX_AGE_MS = 15_000;
const EPOCHS_SHOWN = 8;

/** The last epochs, as this node fixed them and as the chain has them. */
export class EpochHistory {
  readonly #cache: AgedCache<readonly EpochLine[]>;

  constructor({
    chain,
    epochs,
  }: {
    chain: Pick<NodeChain, "clock" | "head" | "attestationRecord">;
    epochs: Pick<EpochStore, "attestation" | "isSettled">;
  }) {
    this.#cache = new AgedCache(MAX_AGE_MS, () => {
      const current = chain.clock.currentEpoch(chain.head.timestamp * 1_000);
      const shown = Array.from(
        { length: Math.min(EPOCHS_SHOWN, current) },
        (_, index) => current - 1 - index,
      );
      return Promise.all(
        shown.map(async (epoch): Promise<EpochLine> => {
          const sealed = epochs.attestation(epoch);
          const record = await chain.attestationRecord(epoch).catch(() => undefined);
          return {
            epoch,
            sessions: sealed?.sessions ?? 0,
            bytesDelivered: sealed?.bytesDelivered ?? 0n,
            status: record?.status,
            claimed: record?.claimed,
            settled: epochs.isSettled(epoch),
          };
        }),
      );
    });
  }

  /** Newest first. */
  async read(): Promise<readonly EpochLine[]> {
    return (await this.#cache.get()) ?? [];
  }
}
