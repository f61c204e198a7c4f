/** Slashes, as the events tell them: `PenaltyManager` stores only their hash. */
import type { ContractTransactionReceipt } from "ethers";
import { IPenaltyManager__factory } from "../../types/contracts/index.js";
import type { IPenaltyManager } from "../../types/contracts/index.js";

type SlashStruct = IPenaltyManager.SlashStruct;

export interface OpenedSlash {
  readonly slashId: string;
  readonly slash: SlashStruct;
  /** Unix time in seconds. */
  readonly appealUntil: number;
  /** All that was taken, in wei. */
  readonly takenWei: bigint;
}

/** `IPenaltyManager.SlashStatus`. */
export const SLASH_STATUS = { none: 0n, open: 1n, vetoed: 2n, overturned: 3n, executed: 4n } as const;

const WEI_PER_GWEI = 10n ** 9n;

/** @throws Error where the transaction opened none. */
export function openedSlash(receipt: ContractTransactionReceipt): OpenedSlash {
  const contract = IPenaltyManager__factory.createInterface();
  for (const log of receipt.logs) {
    const event = contract.parseLog(log);
    if (event?.name !== "SlashOpened") continue;
    const { slash, slashId, appealUntil } = event.args as unknown as {
      slash: SlashStruct & { toObject(deep: boolean): SlashStruct };
      slashId: string;
      appealUntil: bigint;
    };
    const { taken } = slash;
    const parts = [
      taken.bond,
      taken.bondExitPrevious,
      taken.bondExitCurrent,
      taken.pool,
      taken.exitPrevious,
      taken.exitCurrent,
    ];
    return {
      slashId,
      slash: slash.toObject(true),
      appealUntil: Number(appealUntil),
      takenWei: parts.reduce<bigint>((sum, part) => sum + BigInt(part), 0n) * WEI_PER_GWEI,
    };
  }
  throw new Error(`transaction ${receipt.hash} opened no slash`);
}
