/** The whole protocol on the chain of the tests, deployed as it is on any other chain. */
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { TypedDataDomain } from "../../../node/protocol/typedData.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import { constructorParameters, parametersSchema } from "../../../scripts/parameters/schema.js";
import type { ConstructorParameters, ParametersInput } from "../../../scripts/parameters/schema.js";
import { TEST_PARAMETERS } from "../../support/parameters.js";
import {
  Arbitration__factory,
  AuditRing__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  NodeStrikes__factory,
  PaymentEscrow__factory,
  PeaqIdentity__factory,
  PenaltyManager__factory,
  ProtocolAccessManager__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
} from "../../../types/contracts/index.js";
import type {
  Arbitration,
  AuditRing,
  DTelGovernor,
  DTelToken,
  NodeRegistry,
  NodeStaking,
  NodeStrikes,
  PaymentEscrow,
  PeaqIdentity,
  PenaltyManager,
  ProtocolAccessManager,
  RewardDistributor,
  ServiceAttestations,
} from "../../../types/contracts/index.js";
import { fundedAccount } from "./account.js";
import type { Account } from "./account.js";
import { ethers, networkHelpers, provider } from "./chain.js";
import { TestClock } from "./clock.js";

type Parts = Omit<ParametersInput, "durations">;
export type ParametersOverride = { [Part in keyof Parts]?: Partial<Parts[Part]> };

/** Contracts are connected to `holder`. */
export interface Deployment {
  readonly clock: TestClock;
  readonly parameters: ConstructorParameters;
  readonly manager: ProtocolAccessManager;
  readonly token: DTelToken;
  readonly registry: NodeRegistry;
  readonly staking: NodeStaking;
  readonly attestations: ServiceAttestations;
  readonly escrow: PaymentEscrow;
  readonly distributor: RewardDistributor;
  readonly ring: AuditRing;
  readonly penalties: PenaltyManager;
  readonly strikes: NodeStrikes;
  readonly arbitration: Arbitration;
  readonly governor: DTelGovernor;
  readonly identity: PeaqIdentity;
  /** Domain of grants, receipts and attestations. */
  readonly serviceDomain: TypedDataDomain;
  /** Domain of vouchers. */
  readonly paymentDomain: TypedDataDomain;
  /** Deployed the protocol, administers it and holds the genesis supply. */
  readonly holder: Account;
  readonly treasury: string;
}

export interface Protocol extends Deployment {
  /** An account that nothing was done with yet, with native coin and some DTEL, in wei. */
  readonly newAccount: (dtelWei?: bigint) => Promise<Account>;
}

/** Who has to prove: what `ServiceAttestations` is built with. */
export interface Sampling {
  readonly laneOdds: bigint;
  readonly alwaysProveAboveWei: bigint;
}

/** Nobody has to prove anything, whatever it earns: one node in 500 million is picked. */
export const NOBODY_PROVES: Sampling = { laneOdds: 1n, alwaysProveAboveWei: (1n << 256n) - 1n };

/**
 * Deploys once for each set of parameters; call it once per file, outside the tests.
 * @param sampling Other than any network's; put in place as it would be there, by an upgrade.
 */
export function protocolFixture(
  override: ParametersOverride = {},
  sampling?: Sampling,
): () => Promise<Deployment> {
  // Named: `loadFixture` refuses anonymous functions.
  return async function deployedProtocol() {
    const deployment = await deploy(override);
    if (sampling !== undefined) await resample(deployment, sampling);
    return deployment;
  };
}

/** The protocol with the tests' usual parameters. */
export const usualProtocol = protocolFixture();

/** Takes the chain back to the moment after deployment. */
export async function freshProtocol(fixture = usualProtocol): Promise<Protocol> {
  const deployment = await networkHelpers.loadFixture(fixture);
  let accounts = 0;
  return {
    ...deployment,
    async newAccount(dtelWei = 0n) {
      const account = await fundedAccount(`account ${accounts++}`);
      if (dtelWei > 0n) await deployment.token.transfer(account, dtelWei);
      return account;
    },
  };
}

/** Replaces `ServiceAttestations` by one that picks nodes otherwise. */
async function resample(deployment: Deployment, sampling: Sampling): Promise<void> {
  const { manager, registry, escrow, staking, distributor, penalties, ring, parameters, clock } = deployment;
  const { genesisSeconds: genesis, epochSeconds } = clock;
  const proofs = await deployment.attestations.PROOFS();
  const [deployer] = await ethers.getSigners();
  const implementation = await new ServiceAttestations__factory(deployer).deploy(
    manager,
    { registry, escrow, staking, distributor, penalties, ring, proofs },
    { genesis, epochSeconds, epochBlocks: parameters.epochBlocks },
    sampling,
    parameters.auditors,
  );
  const call = implementation.interface.encodeFunctionData("upgradeToAndCall", [implementation.target, "0x"]);
  await manager.execute(deployment.attestations, call);
}

async function deploy(override: ParametersOverride): Promise<Deployment> {
  const parts = Object.keys(override) as (keyof Parts)[];
  const parameters = parametersSchema.parse({
    ...TEST_PARAMETERS,
    ...Object.fromEntries(parts.map((part) => [part, { ...TEST_PARAMETERS[part], ...override[part] }])),
  });
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
  const holder = await fundedAccount("holder");
  const { addresses, chainId, genesisSeconds, epochSeconds } = await deployProtocol({
    provider,
    parameters,
    deployer: deployer.address,
    holder: holder.address,
  });
  return {
    clock: new TestClock(genesisSeconds, epochSeconds),
    parameters: constructorParameters(parameters),
    manager: ProtocolAccessManager__factory.connect(addresses.accessManager, deployer),
    token: DTelToken__factory.connect(addresses.token, holder),
    registry: NodeRegistry__factory.connect(addresses.nodeRegistry, holder),
    staking: NodeStaking__factory.connect(addresses.nodeStaking, holder),
    attestations: ServiceAttestations__factory.connect(addresses.serviceAttestations, holder),
    escrow: PaymentEscrow__factory.connect(addresses.paymentEscrow, holder),
    distributor: RewardDistributor__factory.connect(addresses.rewardDistributor, holder),
    ring: AuditRing__factory.connect(addresses.auditRing, holder),
    penalties: PenaltyManager__factory.connect(addresses.penaltyManager, holder),
    strikes: NodeStrikes__factory.connect(addresses.nodeStrikes, holder),
    arbitration: Arbitration__factory.connect(addresses.arbitration, holder),
    governor: DTelGovernor__factory.connect(addresses.governor, holder),
    identity: PeaqIdentity__factory.connect(addresses.peaqIdentity, holder),
    serviceDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.serviceAttestations)),
    paymentDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.paymentEscrow)),
    holder,
    treasury: addresses.treasury,
  };
}
