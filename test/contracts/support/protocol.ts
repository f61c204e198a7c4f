/** The whole protocol on the chain of the tests, deployed as it is on any other chain. */
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { TypedDataDomain } from "../../../node/protocol/typedData.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import { constructorParameters, parametersSchema } from "../../../scripts/parameters/schema.js";
import type { ConstructorParameters, ParametersInput } from "../../../scripts/parameters/schema.js";
import {
  DTelToken__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  ProtocolAccessManager__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
} from "../../../types/contracts/index.js";
import type {
  DTelToken,
  NodeRegistry,
  NodeStaking,
  PaymentEscrow,
  ProtocolAccessManager,
  RewardDistributor,
  ServiceAttestations,
} from "../../../types/contracts/index.js";
import { fundedAccount } from "./account.js";
import type { Account } from "./account.js";
import { ethers, networkHelpers, provider } from "./chain.js";
import { TestClock } from "./clock.js";

/** Long epochs, so that a test's transactions, a second each, never run through a window by accident. */
const PARAMETERS = {
  clock: { epochSeconds: 3_600, epochBlocks: 40 },
  staking: { minBond: "1000", delegationCap: 10, unbondingSeconds: 8 * 3_600 },
  sampling: { samples: 4, pickProbability: "1/2", missingProofSlash: "100" },
  payment: { burnBps: 1_000, treasuryBps: 500, thawEpochs: 2 },
  rewards: { kappaBps: 9_000, workShareBps: 4_000, neutralScore: 8_000 },
} satisfies ParametersInput;

export type ParametersOverride = { [Part in keyof ParametersInput]?: Partial<ParametersInput[Part]> };

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

/** Deploys once for each set of parameters; call it once per file, outside the tests. */
export function protocolFixture(override: ParametersOverride = {}): () => Promise<Deployment> {
  // Named: `loadFixture` refuses anonymous functions.
  return async function deployedProtocol() {
    return deploy(override);
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

async function deploy(override: ParametersOverride): Promise<Deployment> {
  const parameters = parametersSchema.parse({
    clock: { ...PARAMETERS.clock, ...override.clock },
    staking: { ...PARAMETERS.staking, ...override.staking },
    sampling: { ...PARAMETERS.sampling, ...override.sampling },
    payment: { ...PARAMETERS.payment, ...override.payment },
    rewards: { ...PARAMETERS.rewards, ...override.rewards },
  });
  const [deployer, treasury] = await ethers.getSigners();
  if (deployer === undefined || treasury === undefined) throw new Error("the chain has no accounts");
  const holder = await fundedAccount("holder");
  const { addresses, chainId, genesisSeconds, epochSeconds } = await deployProtocol({
    provider,
    parameters,
    deployer: deployer.address,
    holder: holder.address,
    treasury: treasury.address,
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
    serviceDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.serviceAttestations)),
    paymentDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.paymentEscrow)),
    holder,
    treasury: treasury.address,
  };
}
