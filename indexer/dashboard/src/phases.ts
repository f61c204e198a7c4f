/** In which phase of its life an epoch is. The times are the protocol's; see contracts/README.md. */
import type { EpochState } from "./network.js";

export type Phase = "service" | "attest" | "prove" | "claim" | "paid";

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  service: "in service",
  attest: "attesting",
  prove: "proving",
  claim: "claiming",
  paid: "paid",
};

/** @param nowMs Unix time in milliseconds. */
export function phaseOf(epoch: EpochState, epochSeconds: number, nowMs: number): Phase {
  const sinceEnd = (nowMs - epoch.endsAt.getTime()) / 1_000;
  if (sinceEnd < 0) return "service";
  if (sinceEnd < epochSeconds / 2) return "attest";
  if (sinceEnd < epochSeconds || epoch.seedStatus !== "DRAWN") return "prove";
  return epoch.attestationCount > 0 && epoch.claimCount < epoch.attestationCount ? "claim" : "paid";
}
