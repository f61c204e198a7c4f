/** The protocol on a test's chain, in the shape that the contract tests' helpers work with. */
import { Wallet, id, parseEther } from "ethers";
import type { JsonRpcProvider, TransactionRequest, TransactionResponse } from "ethers";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { Deployment as DeploymentFile } from "../../../node/chain/deployment.js";
import {
  allocationListSchema,
  allocationTree,
  resolveAllocations,
} from "../../../scripts/governance/allocations.js";
import type { AllocationClaim } from "../../../scripts/governance/allocations.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import { constructorParameters, parametersSchema } from "../../../scripts/parameters/schema.js";
import { TEST_PARAMETERS } from "../../support/parameters.js";
import {
  Arbitration__factory,
  AuditRing__factory,
  BuybackAuction__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  NodeStrikes__factory,
  PaymentEscrow__factory,
  PeaqIdentity__factory,
  PenaltyManager__factory,
  ProtocolAccessManager__factory,
  ProtocolTimelock__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  TokenVesting__factory,
  Treasury__factory,
} from "../../../types/contracts/index.js";
import type {
  BuybackAuction,
  ProtocolTimelock,
  TokenVesting,
  Treasury,
} from "../../../types/contracts/index.js";
import { TestClock } from "../../contracts/support/clock.js";
import type { Protocol } from "../../contracts/support/protocol.js";
import type { TestChain } from "./chain.js";

/** Everybody must prove everything, so that a missing proof is one whatever the seed. */
const PARAMETERS = parametersSchema.parse({
  ...TEST_PARAMETERS,
  sampling: { ...TEST_PARAMETERS.sampling, pickProbability: "1/1" },
});

const HOUR = 3_600;

/** Who gets the genesis supply: the team's part can be taken back, the holder has its own at once. */
const ALLOCATIONS = allocationListSchema.parse({
  allocations: [
    {
      name: "treasury",
      beneficiary: "treasury",
      amount: "220000000",
      cliffSeconds: 0,
      durationSeconds: 10 * HOUR,
      revocable: false,
    },
    {
      name: "team",
      beneficiary: "team",
      amount: "300000000",
      cliffSeconds: HOUR,
      durationSeconds: 400 * HOUR,
      revocable: true,
    },
    {
      name: "community",
      beneficiary: "holder",
      amount: "79999999",
      cliffSeconds: 0,
      durationSeconds: 0,
      revocable: false,
    },
  ],
});

/** An account that names its gas itself: an estimate would be of another moment than the next block's. */
export class ChainAccount extends Wallet {
  readonly id: Address;

  constructor(label: string, provider: JsonRpcProvider) {
    super(id(label), provider);
    this.id = parseAddress(this.address);
  }

  override sendTransaction(transaction: TransactionRequest): Promise<TransactionResponse> {
    return super.sendTransaction({ gasLimit: 12_000_000n, ...transaction });
  }
}

export interface TestProtocol extends Protocol {
  /** What a deployment file would say. */
  readonly file: DeploymentFile;
  readonly timelock: ProtocolTimelock;
  readonly fund: Treasury;
  readonly auction: BuybackAuction;
  readonly vesting: TokenVesting;
  /** The genesis allocations with their proofs: the treasury's, the team's, the holder's. */
  readonly allocations: readonly AllocationClaim[];
}

/** Deploys the protocol to a chain as it is deployed to any other. */
export async function deployTo({ provider }: TestChain): Promise<TestProtocol> {
  const fund = async (label: string): Promise<ChainAccount> => {
    const account = new ChainAccount(label, provider);
    await provider.send("hardhat_setBalance", [account.address, `0x${parseEther("1000").toString(16)}`]);
    return account;
  };
  const holder = await fund("holder");
  const beneficiaries = { team: new ChainAccount("team", provider).address, holder: holder.address };
  const genesis = { list: ALLOCATIONS, beneficiaries, claimAtOnce: true };
  const file = await deployProtocol({
    provider: { request: ({ method, params }) => provider.send(method, Array.isArray(params) ? params : []) },
    parameters: PARAMETERS,
    genesis,
  });
  const { addresses, chainId, genesisSeconds, epochSeconds } = file;
  const deployer = await provider.getSigner();
  let accounts = 0;
  const token = DTelToken__factory.connect(addresses.token, holder);
  return {
    file,
    clock: new TestClock(genesisSeconds, epochSeconds),
    parameters: constructorParameters(PARAMETERS),
    manager: ProtocolAccessManager__factory.connect(addresses.accessManager, deployer),
    token,
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
    timelock: ProtocolTimelock__factory.connect(addresses.timelock, holder),
    fund: Treasury__factory.connect(addresses.treasury, holder),
    auction: BuybackAuction__factory.connect(addresses.buybackAuction, holder),
    vesting: TokenVesting__factory.connect(addresses.tokenVesting, holder),
    identity: PeaqIdentity__factory.connect(addresses.peaqIdentity, holder),
    allocations: allocationTree(
      resolveAllocations(ALLOCATIONS, genesisSeconds, { ...beneficiaries, treasury: addresses.treasury }),
    ).claims,
    serviceDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.serviceAttestations)),
    paymentDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.paymentEscrow)),
    // The helpers' own accounts are of the chain in their process; these are the same but for their chain.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    holder,
    treasury: addresses.treasury,
    async newAccount(dtelWei = 0n) {
      const account = await fund(`account ${accounts++}`);
      if (dtelWei > 0n) await token.transfer(account, dtelWei);
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
      return account;
    },
  };
}
