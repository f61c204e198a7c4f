import { join } from "node:path";
import type { Wallet } from "ethers";
import type { Logger } from "pino";
import { BlockWatcher } from "../chain/blockWatcher.js";
import { connectContracts } from "../chain/contracts.js";
import { loadDeployment } from "../chain/deployment.js";
import type { GasLedger } from "../chain/gasLedger.js";
import { NodeChain } from "../chain/nodeChain.js";
import { PenaltyChain } from "../chain/penaltyChain.js";
import { RingChain } from "../chain/ringChain.js";
import { RpcProvider } from "../chain/rpcProvider.js";
import { openDatabase } from "../chain/sqlite.js";
import { TransactionQueue } from "../chain/transactionQueue.js";
import { TransactionStore } from "../chain/transactionStore.js";
import type { NodeConfig } from "../config/schema.js";
import { parseAddress } from "../protocol/hex.js";
import { AccountStore } from "../service/accountStore.js";
import { Alarms } from "../service/alarms.js";
import { AppAccounts } from "../service/appAccounts.js";
import { AuditDesk } from "../service/audits/auditDesk.js";
import { AuditPlanner } from "../service/audits/auditPlanner.js";
import { storedScores } from "../service/audits/auditScores.js";
import { AuditStore } from "../service/audits/auditStore.js";
import { NodeDirectory } from "../service/audits/nodeDirectory.js";
import { AuditAdmission } from "../service/audits/auditAdmission.js";
import { Auditor } from "../service/audits/auditor.js";
import { createMediaProbe, longestProbeMs, probeTimes } from "../service/audits/mediaProbe.js";
import { attestDuty } from "../service/duties/attest.js";
import { claimDuty, flushDuty, mintDuty } from "../service/duties/claim.js";
import { collectDuty } from "../service/duties/collect.js";
import type { DutyContext } from "../service/duties/duty.js";
import { penaltyDuty } from "../service/duties/penalties.js";
import { proveDuty } from "../service/duties/prove.js";
import { revealDuty } from "../service/duties/reveal.js";
import { seedDuty } from "../service/duties/seed.js";
import { EpochDuties } from "../service/epochDuties.js";
import { EpochStore } from "../service/epochStore.js";
import type { ServiceLimits } from "../service/limits.js";
import { useNativeCrypto } from "../service/nativeCrypto.js";
import { NodePrice } from "../service/nodePrice.js";
import { ReceiptStore } from "../service/receiptStore.js";
import { SeatKeeper } from "../service/seatKeeper.js";
import { SeatStore } from "../service/seatStore.js";
import { SessionService } from "../service/sessionService.js";
import { SignerCache } from "../service/signerCache.js";
import { createVoucherClient } from "../service/voucherClient.js";
import { VoucherKeeper } from "../service/voucherKeeper.js";
import { VoucherUrlPolicy } from "../service/voucherUrlPolicy.js";
import { WebhookSender } from "../service/webhooks/webhookSender.js";
import { WebhookStore } from "../service/webhooks/webhookStore.js";
import { Webhooks } from "../service/webhooks/webhooks.js";
import type { TypedDataDomain } from "../protocol/typedData.js";
import { AuditSummary } from "./auditSummary.js";
import { EpochHistory } from "./epochHistory.js";
import { storeProbe } from "./health/storeProbe.js";
import { Jail } from "./jail.js";
import { ReceiptSummary } from "./receiptSummary.js";
import { RegistryFinder } from "./registryFinder.js";
import type { NodeStatus } from "./status.js";
import { statusOf } from "./status.js";

/** Name of the database file in the data directory. */
export const DATABASE_FILE = "node.sqlite";
/** Epochs whose receipts are kept after they are settled, for whoever wants to look into them. */
const KEPT_EPOCHS = 56;
const STALE_BLOCKS = 5;
/** What the chain says about apps is asked again after this, or sooner after a collection. */
const APP_ACCOUNT_MAX_AGE_MS = 10_000;

/** The node without media and signaling: what it owes to the chain and to the people it serves. */
export interface NodeService {
  readonly admission: SessionService;
  readonly seat: SeatKeeper;
  readonly audits: AuditDesk;
  readonly webhooks: Webhooks;
  readonly jail: Jail;
  readonly alarms: Alarms;
  /** What was spent on gas. */
  readonly gas: GasLedger;
  readonly history: EpochHistory;
  readonly receiptSummary: ReceiptSummary;
  /** Other nodes, by the registry. */
  readonly finder: RegistryFinder;
  /** Domain of what this node signs for others. */
  readonly domain: TypedDataDomain;
  /** Writes something small durably; throws where the disk does not take it. */
  writeToStore(): void;
  status(): Promise<NodeStatus>;
  /** Takes no more joins and tells those who are served; their last receipts are still taken. */
  drain(): void;
  /** Stores what is left and closes; what is not done on chain goes on at the next start. */
  close(): Promise<void>;
}

/**
 * Opens the node's data, connects to the chain and begins with the node's duties.
 * @throws Error where something is not as the configuration says: chain, node, key, data directory.
 */
export async function startNodeService(
  config: NodeConfig,
  wallet: Wallet,
  log: Logger,
): Promise<NodeService> {
  const deployment = await loadDeployment(config.deploymentFile);
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  let alarms: Alarms | undefined;
  try {
    if (!(await useNativeCrypto()))
      log.warn("the native library for signatures could not be loaded: fewer receipts a second");
    const provider = new RpcProvider({
      urls: config.chain.rpcUrls,
      chainId: deployment.chainId,
      timeoutMs: config.chain.timeoutSeconds,
      onFailure: (endpoint, reason) => {
        log.warn({ endpoint, reason }, "RPC endpoint failed");
        alarms?.rpcFailed(endpoint, reason);
      },
      onServerTime: (unixMs) => alarms?.serverTime(unixMs),
    });
    closers.push(() => provider.destroy());
    const database = openDatabase(join(config.dataDirectory, DATABASE_FILE));
    closers.push(() => database.close());
    const epochs = new EpochStore(database, config.nodeId);
    const { serviceAttestations } = deployment.addresses;
    epochs.claimIdentity({
      nodeId: config.nodeId.toString(),
      deployment: `${deployment.chainId}:${serviceAttestations}:${deployment.genesisSeconds}`,
    });
    const receipts = new ReceiptStore(database);
    const accounts = new AccountStore(database, config.nodeId);

    const watcher = new BlockWatcher(provider, {
      periodMs: config.chain.pollSeconds,
      onError: (error) => log.warn({ err: error }, "the newest block could not be read"),
      stale: {
        afterMs: staleAfterMs(deployment),
        onStale: () => provider.passOver("it has no new block"),
      },
    });
    closers.push(() => watcher.stop());
    await watcher.start();
    const contracts = connectContracts(deployment, provider);
    const chain = new NodeChain({ deployment, contracts, watcher, nodeId: config.nodeId });
    const operator = parseAddress(wallet.address);
    const ring = new RingChain({ deployment, contracts, provider, nodeId: config.nodeId, operator });
    const price = await NodePrice.read(chain, wallet, log);
    closers.push(() => price.stop());

    const transactions = new TransactionStore(database);
    const queue = new TransactionQueue({
      ...{ provider, watcher, wallet, log },
      store: transactions,
      gasPrice: { factor: config.chain.gasPriceFactor, maxFeePerGas: config.chain.maxGasPriceGwei },
      replaceAfterBlocks: config.chain.replaceAfterBlocks,
      confirmations: config.chain.confirmations,
      onReorganised: () => duties.askAgain(),
    });
    closers.push(() => queue.close());

    const seat = new SeatKeeper({
      ...{ ring, queue, watcher, log, clock: chain.clock },
      store: new SeatStore(database),
    });
    const limits = limitsOf(config, deployment.epochSeconds);
    const urlPolicy = new VoucherUrlPolicy(config.payment.allowPrivateVoucherUrls);
    const appAccounts = new AppAccounts((app) => chain.appAccount(app), APP_ACCOUNT_MAX_AGE_MS);
    const stopAsking = new AbortController();
    const directory = new NodeDirectory(database, ring);
    const planner = new AuditPlanner({ chain, ring, directory });
    const findings = new AuditStore(database);
    const times = probeTimes(deployment.epochSeconds, config.audits.probeTimeoutSeconds);
    const auditor = new Auditor({
      ...{ clock: chain.clock, watcher, planner, directory, log, store: findings },
      longestProbeMs: longestProbeMs(times),
      probe: createMediaProbe({
        ...{ auditorId: config.nodeId, operator: wallet, domain: chain.serviceDomain, ...times },
        allowPrivate: config.audits.allowPrivateEndpoints,
        signal: stopAsking.signal,
      }),
    });
    const admission = new SessionService({
      ...{ nodeId: config.nodeId, domain: chain.serviceDomain, clock: chain.clock },
      ...{ limits, receipts, accounts, appAccounts, log },
      signers: new SignerCache((app, signer, epoch) => chain.isGrantSigner(app, signer, epoch)),
      checkVoucherUrl: (url) => urlPolicy.check(url),
      priceWeiPerGB: () => price.weiPerGB,
      takesJoins: () => seat.takesJoins,
      audits: new AuditAdmission({
        ...{ clock: chain.clock, planner, operatorOf: (nodeId) => chain.operatorOf(nodeId) },
      }),
    });
    const keeper = new VoucherKeeper({
      ...{ chain, receipts, accounts, log },
      ask: createVoucherClient({
        wallet,
        domain: chain.serviceDomain,
        timeoutMs: config.payment.voucherTimeoutSeconds,
        checkUrl: (url) => urlPolicy.checkResolved(url),
        signal: stopAsking.signal,
      }),
      exposureOf: (bill) => admission.exposureOf(bill),
      periodMs: config.payment.voucherPeriodSeconds,
    });

    const webhooks = new Webhooks({
      store: new WebhookStore(database),
      sender: new WebhookSender({
        ...{ nodeId: config.nodeId, wallet, domain: chain.serviceDomain },
        timeoutMs: config.webhooks.timeoutSeconds,
        allowPrivate: config.webhooks.allowPrivateUrls,
      }),
      log,
    });
    closers.push(() => webhooks.close());
    const jail = new Jail({ nodeId: config.nodeId, deployment, provider, queue });

    const context: DutyContext = {
      ...{ chain, ring, queue, receipts, epochs, accounts, planner, log },
      scores: storedScores(findings),
      receiptGraceMs: limits.receiptGraceMs,
      now: Date.now,
    };
    const penalties = config.penalties.post
      ? PenaltyChain.of({ deployment, contracts, provider })
      : undefined;
    const duties = new EpochDuties({
      ...{ clock: chain.clock, watcher, epochs, log },
      duties: [
        attestDuty(context),
        collectDuty(context, keeper, (vouchers) => {
          for (const { voucher } of vouchers) appAccounts.expire(voucher.app);
        }),
        ...[seedDuty(context), revealDuty(context), proveDuty(context)],
        ...[flushDuty(context), claimDuty(context), mintDuty(context)],
        ...(penalties === undefined ? [] : [penaltyDuty({ chain, queue, planner, log, penalties })]),
      ],
      onSettled: (epoch) => {
        log.info({ epoch }, "epoch settled");
        findings.prune(epoch - KEPT_EPOCHS);
        directory.prune(epoch - KEPT_EPOCHS);
        receipts.prune(epoch - KEPT_EPOCHS, chain.clock.startOf(epoch - KEPT_EPOCHS));
      },
    });
    const watching = new Alarms({
      ...{ chain, ring, watcher, epochs, receipts, admission, seat },
      gas: transactions.gas,
      openEpochs: () => duties.open,
      balanceWei: () => provider.getBalance(queue.account),
      dataDirectory: config.dataDirectory,
    });
    alarms = watching;
    const audits = new AuditSummary({ chain, ring, planner, scores: storedScores(findings) });
    admission.start();
    keeper.start();
    duties.start();
    seat.start();
    auditor.start();
    webhooks.start();
    closers.push(
      () => admission.close(),
      async () => {
        const stopped = Promise.all([duties.stop(), keeper.stop(), seat.stop(), auditor.stop()]);
        // They wait for transactions, apps and nodes: those are told now.
        stopAsking.abort(new Error("the node is shutting down"));
        await queue.close();
        await stopped;
      },
    );
    return {
      admission,
      seat,
      audits: new AuditDesk({ ...{ clock: chain.clock, watcher, planner, epochs }, store: findings }),
      ...{ webhooks, jail, domain: chain.serviceDomain, alarms: watching, gas: transactions.gas },
      receiptSummary: new ReceiptSummary(database, chain),
      history: new EpochHistory({ chain, epochs }),
      finder: new RegistryFinder({ contracts, directory, watcher }),
      writeToStore: storeProbe(database),
      status: () =>
        statusOf({
          ...{ chain, watcher, provider, queue, receipts, epochs, duties, accounts, admission, seat },
          ...{ audits, webhooks, jail, alarms: watching, gas: transactions.gas },
        }),
      drain: () => admission.drain(),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Time without a new block after which another RPC endpoint is asked. */
function staleAfterMs({ epochSeconds, epochBlocks }: { epochSeconds: number; epochBlocks: number }): number {
  return Math.max(5_000, (STALE_BLOCKS * epochSeconds * 1_000) / epochBlocks);
}

function limitsOf({ service, payment }: NodeConfig, epochSeconds: number): ServiceLimits {
  return {
    maxSessions: service.maxSessions,
    maxUnsignedBytes: service.maxUnsignedMegabytes,
    receiptTimeoutMs: service.receiptTimeoutSeconds,
    countTolerancePercent: service.countTolerancePercent,
    receiptGraceMs: service.receiptGraceSeconds ?? Math.min(60_000, Math.round((epochSeconds * 1_000) / 12)),
    creditWei: payment.credit,
    maxUnbilledWei: payment.maxUnbilled,
    forgivenLossBps: Math.round(service.forgivenLossPercent * 100),
  };
}
