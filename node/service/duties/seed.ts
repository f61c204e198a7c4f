import type { SeedState } from "../../chain/nodeChain.js";
import { upkeepDelaySeconds } from "./duty.js";
import type { Duty, DutyContext } from "./duty.js";

/** Blocks from the first lane of a seed to its last. */
const LAST_LANE_OFFSET = 14;
/** How far a contract can look back at block hashes. */
const BLOCKHASH_REACH = 256;

/** Arms and draws an epoch's seed, in turn with the other nodes; again where nobody drew it in time. */
export function seedDuty(context: DutyContext): Duty {
  const { chain, queue } = context;

  const arm = async (epoch: number, lostBlock: number, delaySeconds: number): Promise<void> => {
    if (chain.head.timestamp < chain.clock.commitWindowOf(epoch).closesAt + delaySeconds) return;
    await queue.send(chain.arm(epoch, lostBlock));
  };

  const draw = async (epoch: number, firstBlock: number, delaySeconds: number): Promise<void> => {
    const drawable = firstBlock + LAST_LANE_OFFSET + 1;
    const delayBlocks = Math.ceil(delaySeconds / chain.blockSeconds);
    if (chain.head.number < drawable + delayBlocks) return;
    await queue.send(chain.draw(epoch));
  };

  return {
    name: "seed",
    async run(epoch) {
      if (chain.head.timestamp < chain.clock.commitWindowOf(epoch).closesAt) return "later";
      const seed: SeedState = await chain.seedState(epoch);
      if (seed.state === "drawn") return "done";
      const delaySeconds = await upkeepDelaySeconds(context, epoch);
      if (seed.state === "none") await arm(epoch, 0, delaySeconds);
      else if (chain.head.number > seed.firstBlock + BLOCKHASH_REACH)
        await arm(epoch, seed.firstBlock, delaySeconds);
      else await draw(epoch, seed.firstBlock, delaySeconds);
      return "later";
    },
  };
}
