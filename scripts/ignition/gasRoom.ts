import { z } from "zod";
import { withGasMargin } from "../../node/chain/gasMargin.js";
import type { DeploymentProvider } from "./deployProtocol.js";

const estimateSchema = z.string().transform((hex) => BigInt(hex));

/**
 * Room above `eth_estimateGas`, since Ignition sends with exactly what was estimated. State changes until a transaction
 * is mined: whoever receives tokens in the second in which he received others overwrites a vote checkpoint, and adds
 * one, which costs four times as much, a second later.
 */
export function withGasRoom(provider: DeploymentProvider): DeploymentProvider {
  return {
    async request(call) {
      const answer = await provider.request(call);
      if (call.method !== "eth_estimateGas") return answer;
      return `0x${withGasMargin(estimateSchema.parse(answer)).toString(16)}`;
    },
  };
}
