import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NonceManager, Wallet } from "ethers";
import { stringify } from "yaml";
import { openDatabase } from "../../../../node/chain/sqlite.js";
import { TransactionStore } from "../../../../node/chain/transactionStore.js";
import { DATABASE_FILE } from "../../../../node/operator/nodeService.js";
import { typedDataDomain } from "../../../../node/protocol/typedData.js";
import type { Attestation, SignedReceipt, TypedDataDomain } from "../../../../node/protocol/typedData.js";
import { AccountStore } from "../../../../node/service/accountStore.js";
import { EpochStore } from "../../../../node/service/epochStore.js";
import { ReceiptStore } from "../../../../node/service/receiptStore.js";
import { addressOf, claimFor, grantFor, receiptBy, walletOf } from "../../support/participants.js";
import { PRICE_WEI_PER_GB } from "../../support/testOperator.js";
import type { AppServer } from "./AppServer.js";
import type { FaultStage } from "./FaultStage.js";
import type { NodeProcess } from "./NodeProcess.js";

/** How often the chain has seen what a node does once an epoch. */
export interface ChainOutcome {
  readonly attested: number;
  readonly collected: number;
  readonly proven: number;
  readonly claimed: number;
}

export interface StagedParticipant {
  receipt(epoch: number, bytesDelivered: bigint): Promise<SignedReceipt>;
  /** Resolves to the bytes that the node acknowledges. */
  submit(receipt: SignedReceipt): Promise<bigint>;
}

/** One node of a stage: its key, its app, its data. */
export class StagedOperator {
  readonly nodeId: bigint;
  readonly owner: NonceManager;
  readonly app: AppServer;
  wallet: Wallet;
  rpcUrls: readonly string[];
  settings: object;
  readonly #stage: FaultStage;
  readonly #data: string;

  constructor(
    stage: FaultStage,
    what: {
      nodeId: bigint;
      owner: NonceManager;
      wallet: Wallet;
      app: AppServer;
      rpcUrls: readonly string[];
      settings: object;
    },
  ) {
    this.#stage = stage;
    this.nodeId = what.nodeId;
    this.owner = what.owner;
    this.wallet = what.wallet;
    this.app = what.app;
    this.rpcUrls = what.rpcUrls;
    this.settings = what.settings;
    this.#data = join(stage.directory, `node-${this.nodeId}`);
  }

  get databasePath(): string {
    return join(this.#data, DATABASE_FILE);
  }

  /** Starts the node's process on what is on its disk. */
  async start(): Promise<NodeProcess> {
    const configPath = join(this.#stage.directory, `node-${this.nodeId}.yaml`);
    const config = {
      ...{ nodeId: this.nodeId.toString(), dataDirectory: this.#data, deploymentFile: "./deployment.json" },
      chain: { rpcUrls: this.rpcUrls, pollSeconds: 0.2, timeoutSeconds: 2, replaceAfterBlocks: 5 },
      payment: { allowPrivateVoucherUrls: true, voucherPeriodSeconds: 1 },
      ...this.settings,
    };
    await writeFile(configPath, stringify(config));
    return this.#stage.spawn(configPath, this.wallet);
  }

  /**
   * Stores receipts as sessions do, on disk when it resolves, while the node is down. One session for each number of
   * bytes; all under grants of the app.
   */
  async receive(epoch: number, sessions: readonly bigint[]): Promise<void> {
    const domain = this.#serviceDomain;
    const { app, signer, url } = this.app;
    await this.inspect(async ({ database }) => {
      new EpochStore(database, this.nodeId).firstEpoch(epoch);
      new AccountStore(database, this.nodeId).open(app, url, 0n);
      const receipts = new ReceiptStore(database);
      const stored = sessions.map(async (bytesDelivered) => {
        const session = walletOf(`session ${this.#stage.next()}`);
        const { grant, grantSignature } = await grantFor({ app, signer, session, domain });
        await receipts.put({
          ...{ app, sessionKey: addressOf(session), priceWeiPerGB: PRICE_WEI_PER_GB },
          grantId: receipts.putGrant({ grant, signature: grantSignature }, addressOf(signer)),
          receipt: await receiptBy(session, { nodeId: this.nodeId, epoch, bytesDelivered }, domain),
        });
      });
      await Promise.all(stored);
    });
  }

  /** A participant whom the node lets in, with receipts to hand in. */
  async participant(node: NodeProcess): Promise<StagedParticipant> {
    const { app, signer, url } = this.app;
    const session = walletOf(`session ${this.#stage.next()}`);
    const details = JSON.stringify({ identity: session.address, voucherUrl: url });
    const domain = this.#serviceDomain;
    await node.join(await claimFor({ app, signer, session, domain, details, nodeId: this.nodeId }));
    return {
      receipt: (epoch, bytesDelivered) =>
        receiptBy(session, { nodeId: this.nodeId, epoch, bytesDelivered }, domain),
      submit: (receipt) => node.submit(addressOf(session), receipt),
    };
  }

  get #serviceDomain(): TypedDataDomain {
    const { chainId, addresses } = this.#stage.chain.deployment;
    return typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
  }

  /** Looks into the node's data while it is down. */
  async inspect<T>(
    look: (what: {
      database: ReturnType<typeof openDatabase>;
      epochs: EpochStore;
      transactions: TransactionStore;
    }) => T | Promise<T>,
  ): Promise<T> {
    const database = openDatabase(this.databasePath);
    try {
      const epochs = new EpochStore(database, this.nodeId);
      return await look({ database, epochs, transactions: new TransactionStore(database) });
    } finally {
      database.close();
    }
  }

  /** What the node has fixed for an epoch. */
  async sealed(epoch: number): Promise<Attestation | undefined> {
    return this.inspect(({ epochs }) => epochs.attestation(epoch));
  }

  /** What the chain has seen of this node for an epoch. */
  async outcome(epoch: number): Promise<ChainOutcome> {
    const { serviceAttestations, paymentEscrow, rewardDistributor } = this.#stage.chain.contracts();
    const { filters } = serviceAttestations;
    const [attested, proven, claimed, collected] = await Promise.all([
      serviceAttestations.queryFilter(filters.Attested(this.nodeId, epoch)),
      serviceAttestations.queryFilter(filters.ServiceProven(this.nodeId, epoch)),
      rewardDistributor.queryFilter(rewardDistributor.filters.Claimed(this.nodeId, epoch)),
      paymentEscrow.queryFilter(paymentEscrow.filters.VoucherCollected(this.app.app, this.nodeId)),
    ]);
    return {
      attested: attested.length,
      proven: proven.length,
      claimed: claimed.length,
      collected: collected.length,
    };
  }
}
