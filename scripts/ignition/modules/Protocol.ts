import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { ContractFuture, NamedArtifactContractDeploymentFuture } from "@nomicfoundation/ignition-core";
import { clockParameters } from "./clock.js";
import Foundation from "./Foundation.js";
import { install as installWith } from "./install.js";
import Token from "./Token.js";

/** Nodes, stake, service, payment, rewards: implementations, each put behind its proxy by the authority. */
export default buildModule("Protocol", (m) => {
  const foundation = m.useModule(Foundation);
  const { accessManager } = foundation;
  const registry = foundation.nodeRegistryProxy;
  const staking = foundation.nodeStakingProxy;
  const attestations = foundation.serviceAttestationsProxy;
  const ring = foundation.auditRingProxy;
  const escrow = foundation.paymentEscrowProxy;
  const distributor = foundation.rewardDistributorProxy;
  const penalties = foundation.penaltyManagerProxy;
  const strikes = foundation.nodeStrikesProxy;
  const treasury = foundation.treasuryProxy;
  const { token } = m.useModule(Token);
  const clock = clockParameters(m);
  const pause = m.getParameter("pause");

  const install = <Name extends string>(
    proxy: ContractFuture<"ProtocolProxy">,
    implementation: NamedArtifactContractDeploymentFuture<Name>,
  ) => installWith(m, accessManager, proxy, implementation);

  const stakingPeers = { token, registry, distributor, penalties };
  const stakingConfig = m.getParameter("staking");
  // What is rarely done with stake runs there: all in one contract would be larger than a contract may be.
  const extension = m.contract("StakingExtension", [accessManager, stakingPeers, clock, stakingConfig]);
  const proofs = m.contract("ServiceProofs", [escrow, m.getParameter<number>("samples")]);
  return {
    serviceProofs: proofs,
    nodeRegistry: install(
      registry,
      m.contract("NodeRegistry", [accessManager, { attestations, ring, strikes }]),
    ),
    auditRing: install(
      ring,
      m.contract("AuditRing", [accessManager, { registry, staking, audits: attestations, strikes }, clock]),
    ),
    nodeStaking: install(
      staking,
      m.contract("NodeStaking", [accessManager, stakingPeers, clock, stakingConfig, pause, extension]),
    ),
    serviceAttestations: install(
      attestations,
      m.contract("ServiceAttestations", [
        accessManager,
        { registry, escrow, staking, distributor, penalties, ring, proofs },
        clock,
        m.getParameter("sampling"),
        m.getParameter<number>("auditors"),
      ]),
    ),
    paymentEscrow: install(
      escrow,
      m.contract("PaymentEscrow", [
        accessManager,
        { token, staking, treasury, attestations },
        clock,
        m.getParameter("payment"),
        pause,
      ]),
    ),
    rewardDistributor: install(
      distributor,
      m.contract("RewardDistributor", [
        accessManager,
        { token, attestations, escrow, staking },
        clock,
        m.getParameter("rewards"),
        pause,
      ]),
    ),
  };
});
