/** The protocol on a test's chain, in the shape that the contract tests' helpers work with. */
import { Wallet, id, parseEther } from "ethers";
import type { JsonRpcProvider, TransactionRequest, TransactionResponse } from "ethers";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { Deployment as DeploymentFile } from "../../../node/chain/deployment.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import { constructorParameters, parametersSchema } from "../../../scripts/parameters/schema.js";
import {
  DTelToken__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  ProtocolAccessManager__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
} from "../../../types/contracts/index.js";
import { TestClock } from "../../contracts/support/clock.js";
import type { Protocol } from "../../contracts/support/protocol.js";
import type { TestChain } from "./chain.js";

/** Long epochs, so that a test's transactions, a second each, never run through a window by accident. */
const PARAMETERS = parametersSchema.parse({
  clock: { epochSeconds: 3_600, epochBlocks: 40 },
  staking: { minBond: "1000", delegationCap: 10, unbondingSeconds: 8 * 3_600 },
  sampling: { samples: 4, pickProbability: "1/2", missingProofSlash: "100" },
  payment: { burnBps: 1_000, treasuryBps: 500, thawEpochs: 2 },
  rewards: { kappaBps: 9_000, workShareBps: 4_000, neutralScore: 8_000 },
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
}

/** Deploys the protocol to a chain as it is deployed to any other. */
export async function deployTo({ provider }: TestChain): Promise<TestProtocol> {
  const fund = async (label: string): Promise<ChainAccount> => {
    const account = new ChainAccount(label, provider);
    await provider.send("hardhat_setBalance", [account.address, `0x${parseEther("1000").toString(16)}`]);
    return account;
  };
  const holder = await fund("holder");
  const treasury = new ChainAccount("treasury", provider).address;
  const file = await deployProtocol({
    provider: { request: ({ method, params }) => provider.send(method, Array.isArray(params) ? params : []) },
    parameters: PARAMETERS,
    holder: holder.address,
    treasury,
  });
  const { addresses, chainId, genesisSeconds, epochSeconds } = file;
  let accounts = 0;
  const token = DTelToken__factory.connect(addresses.token, holder);
  return {
    file,
    clock: new TestClock(genesisSeconds, epochSeconds),
    parameters: constructorParameters(PARAMETERS),
    manager: ProtocolAccessManager__factory.connect(addresses.accessManager, holder),
    token,
    registry: NodeRegistry__factory.connect(addresses.nodeRegistry, holder),
    staking: NodeStaking__factory.connect(addresses.nodeStaking, holder),
    attestations: ServiceAttestations__factory.connect(addresses.serviceAttestations, holder),
    escrow: PaymentEscrow__factory.connect(addresses.paymentEscrow, holder),
    distributor: RewardDistributor__factory.connect(addresses.rewardDistributor, holder),
    serviceDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.serviceAttestations)),
    paymentDomain: typedDataDomain(BigInt(chainId), parseAddress(addresses.paymentEscrow)),
    // The helpers' own accounts are of the chain in their process; these are the same but for their chain.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    holder,
    treasury,
    async newAccount(dtelWei = 0n) {
      const account = await fund(`account ${accounts++}`);
      if (dtelWei > 0n) await token.transfer(account, dtelWei);
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
      return account;
    },
  };
}
