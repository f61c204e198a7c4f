import { Transaction } from "ethers";
import type { TransactionReceipt, Wallet } from "ethers";
import type { Logger } from "pino";
import { parseHex } from "../protocol/hex.js";
import type { Address, Hex } from "../protocol/hex.js";
import type { BlockWatcher, Head } from "./blockWatcher.js";
import { withGasMargin } from "./gasMargin.js";
import { currentGasPrice, replacementGasPrice } from "./gasPrice.js";
import type { GasPrice, GasPriceRule } from "./gasPrice.js";
import { TransactionReverted, isAlreadyKnown, isNonceUsed, isUnderpriced, revertOf } from "./reverts.js";
import type { RpcProvider } from "./rpcProvider.js";
import type { Attempt, StoredTransaction, TransactionStore } from "./transactionStore.js";

/** What the node wants done on chain, once. */
export interface Intent {
  /** Names the intent for ever, "attest:42" for example: what has succeeded under a key is never sent again. */
  readonly key: string;
  readonly to: Address;
  readonly data: Hex;
}

export interface MinedTransaction {
  readonly hash: Hex;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}

/**
 * The transaction's nonce is used by another one, or nothing comes before it: ask the chain what is done, then decide
 * again.
 */
export class TransactionDisplaced extends Error {
  constructor(key: string, nonce: number, why: "used" | "out of reach") {
    super(
      why === "used"
        ? `${key}: another transaction of this account has used the nonce ${nonce}; does somebody share its key?`
        : `${key}: the nonce ${nonce} is out of reach, those before it are not used; did an RPC endpoint miscount?`,
    );
    this.name = "TransactionDisplaced";
  }
}

export interface TransactionQueueOptions {
  readonly provider: RpcProvider;
  readonly watcher: BlockWatcher;
  readonly wallet: Wallet;
  readonly store: TransactionStore;
  readonly gasPrice: GasPriceRule;
  /** Blocks after which a transaction that was not mined is replaced by a better paid one. */
  readonly replaceAfterBlocks: number;
  /** Blocks, its own included, after which a mined transaction counts as final. */
  readonly confirmations: number;
  /** Told when transactions that were mined are not any more: what was done on chain has to be looked at again. */
  readonly onReorganised?: (intents: readonly string[]) => void;
  readonly log: Logger;
}

/** Blocks for which a used nonce may lack a receipt before it is put down to somebody else's transaction. */
const DISPLACED_AFTER_BLOCKS = 5;
/** Blocks for which those before a nonce may be unused before its transaction is given up. */
const STRANDED_AFTER_BLOCKS = 5;
/** Blocks after which what was mined is not looked at again. */
const REORGANISED_BLOCKS = 256;

interface Waiter {
  resolve(mined: MinedTransaction): void;
  reject(error: unknown): void;
}

/**
 * The one way in which a node's key sends transactions. What is signed is stored before it is sent, so that after a
 * crash the same transaction goes on, under the same nonce, and nothing is sent twice. The chain is asked what became
 * of it; what is not mined in time is replaced at a higher price.
 */
export class TransactionQueue {
  readonly #options: TransactionQueueOptions;
  readonly #waiters = new Map<string, Waiter[]>();
  readonly #starting = new Map<string, Promise<void>>();
  /** Block at which a pending transaction was last handed to the chain; absent: not in this run. */
  readonly #sentAt = new Map<string, number>();
  readonly #usedNonceSince = new Map<string, number>();
  readonly #strandedSince = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #lastTask: Promise<unknown> = Promise.resolve();
  #checking = false;
  #newBlock = false;
  #closed = false;

  /** Goes on with what is pending in the store at the next block. */
  constructor(options: TransactionQueueOptions) {
    this.#options = options;
    const givenUp = options.store.claimAccount(this.account);
    if (givenUp.length > 0)
      options.log.warn(
        { intents: givenUp },
        "the operator key is another one: its old transactions are given up",
      );
    this.#unsubscribe = options.watcher.onBlock(() => this.#look());
  }

  get account(): Address {
    return parseHex(this.#options.wallet.address, 20);
  }

  /** What is signed and not known to be mined, in the order of nonces. */
  get pending(): readonly StoredTransaction[] {
    return this.#closed ? [] : this.#options.store.pending();
  }

  /**
   * Sends a transaction, or goes on with the one that was sent for this intent before, and waits until it is final.
   * @throws TransactionReverted if the contracts refuse, before or after it was sent: it may be tried again later.
   * @throws TransactionDisplaced
   */
  async send(intent: Intent): Promise<MinedTransaction> {
    if (this.#closed) throw new Error("the transaction queue is closed");
    const done = this.#succeeded(intent.key);
    if (done !== undefined) return done;
    const mined = new Promise<MinedTransaction>((resolve, reject) => {
      const waiters = this.#waiters.get(intent.key) ?? [];
      waiters.push({ resolve, reject });
      this.#waiters.set(intent.key, waiters);
    });
    if (this.#options.store.get(intent.key)?.state !== "pending" && !this.#starting.has(intent.key)) {
      const starting = this.#begin(intent)
        .catch((error: unknown) => this.#settle(intent.key, (waiter) => waiter.reject(error)))
        .finally(() => this.#starting.delete(intent.key));
      this.#starting.set(intent.key, starting);
    }
    return mined;
  }

  /** Stops; what is pending stays stored and goes on at the next start. Those who wait are told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    const reason = new Error("the transaction queue was closed; the transaction goes on at the next start");
    for (const key of [...this.#waiters.keys()]) this.#settle(key, (waiter) => waiter.reject(reason));
    await Promise.allSettled([...this.#starting.values(), this.#lastTask]);
  }

  async #begin(intent: Intent): Promise<void> {
    const { provider, store, log } = this.#options;
    let estimate: bigint;
    try {
      estimate = await provider.estimateGas({ from: this.account, to: intent.to, data: intent.data });
    } catch (error) {
      throw revertOf(intent.key, error) ?? error;
    }
    await this.#inOrder(async () => {
      if (this.#closed) throw new Error("the transaction queue is closed");
      const gasLimit = withGasMargin(estimate);
      const price = await currentGasPrice(provider, this.#options.gasPrice);
      const nonce = store.nextNonce(await provider.getTransactionCount(this.account, "latest"));
      const transaction = { ...intent, nonce, gasLimit };
      const attempt = await this.#sign(transaction, price);
      store.add(transaction, attempt);
      log.info({ intent: intent.key, nonce, hash: attempt.hash }, "transaction signed");
      await this.#broadcast(intent.key, attempt);
    });
  }

  /** Checks on what is pending, once more if a block came meanwhile. */
  #look(): void {
    this.#newBlock = true;
    if (this.#checking || this.#closed) return;
    this.#checking = true;
    this.#newBlock = false;
    this.#inOrder(() => this.#check(this.#options.watcher.head))
      .catch((error: unknown) => {
        if (this.#closed) return;
        this.#options.log.warn({ err: error }, "checking pending transactions failed; next block again");
      })
      .finally(() => {
        this.#checking = false;
        if (this.#newBlock) this.#look();
      });
  }

  async #check(head: Head): Promise<void> {
    const { provider, store } = this.#options;
    const recent = head.number - REORGANISED_BLOCKS;
    if (store.pending().length === 0 && !store.hasMinedSince(recent)) return;
    const count = await provider.getTransactionCount(this.account, "latest");
    this.#reopen(count, recent);
    const pending = store.pending();
    let reachable = count;
    for (const transaction of pending) {
      if (this.#closed) return;
      if (transaction.nonce < count) await this.#checkMined(transaction, head);
      else if (transaction.nonce > reachable) this.#checkStranded(transaction, head);
      else {
        this.#strandedSince.delete(transaction.key);
        reachable = transaction.nonce + 1;
        await this.#checkWaiting(transaction, head, transaction.nonce === count);
      }
    }
  }

  /** Goes on with what a reorganisation of the chain has undone. Those who waited for it were told that it is done. */
  #reopen(count: number, sinceBlock: number): void {
    const { store, log, onReorganised = () => undefined } = this.#options;
    const intents = store.reopen(count, sinceBlock);
    if (intents.length === 0) return;
    log.warn({ intents, nonce: count }, "the chain was reorganised: transactions are sent once more");
    for (const key of intents) this.#sentAt.delete(key);
    onReorganised(intents);
  }

  async #checkMined(transaction: StoredTransaction, head: Head): Promise<void> {
    const { store, confirmations, log } = this.#options;
    const { key, nonce } = transaction;
    const receipt = await this.#receiptOf(transaction);
    if (receipt === undefined) {
      const since = this.#usedNonceSince.get(key) ?? head.number;
      this.#usedNonceSince.set(key, since);
      if (head.number - since < DISPLACED_AFTER_BLOCKS) return;
      log.error({ intent: key, nonce }, "another transaction used the nonce of this one");
      store.finish(key, "displaced");
      this.#settle(key, (waiter) => waiter.reject(new TransactionDisplaced(key, nonce, "used")));
      return;
    }
    if (head.number - receipt.blockNumber + 1 < confirmations) return;
    const mined = {
      hash: parseHex(receipt.hash, 32),
      blockNumber: receipt.blockNumber,
      gasUsed: receipt.gasUsed,
      // What it cost, mined well or reverted.
    };
    const noted = { ...mined, feeWei: receipt.fee, minedAtSeconds: head.timestamp };
    if (receipt.status === 1) {
      store.finish(key, "succeeded", noted);
      log.info(
        { intent: key, hash: mined.hash, block: mined.blockNumber, gas: Number(mined.gasUsed) },
        "mined",
      );
      this.#settle(key, (waiter) => waiter.resolve(mined));
    } else {
      store.finish(key, "reverted", noted);
      const error = await this.#whyReverted(transaction);
      log.warn({ intent: key, hash: mined.hash, reason: error.reason }, "mined, but reverted");
      this.#settle(key, (waiter) => waiter.reject(error));
    }
  }

  /**
   * A miscounting endpoint may have led to a nonce that nothing leads up to. If its transaction should be mined one day
   * after all, the contracts refuse it: all that nodes do is done once.
   */
  #checkStranded({ key, nonce }: StoredTransaction, head: Head): void {
    const { store, log } = this.#options;
    const since = this.#strandedSince.get(key) ?? head.number;
    this.#strandedSince.set(key, since);
    if (head.number - since < STRANDED_AFTER_BLOCKS) return;
    log.error({ intent: key, nonce }, "the nonce of this transaction is out of reach: it is given up");
    store.finish(key, "displaced");
    this.#settle(key, (waiter) => waiter.reject(new TransactionDisplaced(key, nonce, "out of reach")));
  }

  async #checkWaiting(transaction: StoredTransaction, head: Head, isNext: boolean): Promise<void> {
    const { provider, store, replaceAfterBlocks, gasPrice, log } = this.#options;
    this.#usedNonceSince.delete(transaction.key);
    const last = transaction.attempts.at(-1);
    if (last === undefined) return;
    const sentAt = this.#sentAt.get(transaction.key);
    if (sentAt === undefined) return this.#broadcast(transaction.key, last);
    if (head.number - sentAt < replaceAfterBlocks) return;
    // Those behind it wait for the first one, not for a price; but a node may have forgotten them.
    if (!isNext) return this.#broadcast(transaction.key, last);
    const price = replacementGasPrice(last, await currentGasPrice(provider, gasPrice), gasPrice);
    if (price === undefined) {
      log.warn(
        { intent: transaction.key, limit: gasPrice.maxFeePerGas },
        "not mined, and the price limit is reached",
      );
      return this.#broadcast(transaction.key, last);
    }
    const attempt = await this.#sign(transaction, price);
    store.addAttempt(transaction.key, attempt);
    log.info({ intent: transaction.key, hash: attempt.hash, replaces: last.hash }, "not mined: price raised");
    await this.#broadcast(transaction.key, attempt);
  }

  async #broadcast(key: string, attempt: Attempt): Promise<void> {
    const { provider, watcher, replaceAfterBlocks, log } = this.#options;
    try {
      await provider.send("eth_sendRawTransaction", [attempt.raw]);
    } catch (error) {
      // A used nonce shows at the next check, as mined or as displaced.
      if (!isAlreadyKnown(error) && !isNonceUsed(error)) {
        log.warn({ err: error, intent: key }, "the transaction could not be handed over; next block again");
        // Nobody takes it at this price, however often it is offered.
        if (isUnderpriced(error)) this.#sentAt.set(key, watcher.head.number - replaceAfterBlocks);
        return;
      }
    }
    this.#sentAt.set(key, watcher.head.number);
  }

  async #sign(
    transaction: { nonce: number; to: Address; data: Hex; gasLimit: bigint },
    price: GasPrice,
  ): Promise<Attempt> {
    const { wallet, provider } = this.#options;
    const { nonce, to, data, gasLimit } = transaction;
    const { chainId } = await provider.getNetwork();
    const signed = await wallet.signTransaction({ type: 2, chainId, nonce, to, data, gasLimit, ...price });
    const hash = Transaction.from(signed).hash;
    return { ...price, raw: parseHex(signed), hash: parseHex(hash, 32) };
  }

  async #receiptOf(transaction: StoredTransaction): Promise<TransactionReceipt | undefined> {
    for (const { hash } of transaction.attempts.toReversed()) {
      const receipt = await this.#options.provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt;
    }
    return undefined;
  }

  async #whyReverted({ key, to, data }: StoredTransaction): Promise<TransactionReverted> {
    try {
      await this.#options.provider.call({ from: this.account, to, data });
    } catch (error) {
      const revert = revertOf(key, error);
      if (revert !== undefined) return revert;
    }
    return new TransactionReverted(key, "unknown", "it was mined and reverted; now it would not");
  }

  #succeeded(key: string): MinedTransaction | undefined {
    const { state, minedHash, blockNumber, gasUsed } = this.#options.store.get(key) ?? {};
    if (state !== "succeeded" || minedHash === undefined) return undefined;
    return { hash: minedHash, blockNumber: blockNumber ?? 0, gasUsed: gasUsed ?? 0n };
  }

  #settle(key: string, action: (waiter: Waiter) => void): void {
    const waiters = this.#waiters.get(key) ?? [];
    this.#waiters.delete(key);
    this.#sentAt.delete(key);
    this.#usedNonceSince.delete(key);
    this.#strandedSince.delete(key);
    waiters.forEach(action);
  }

  /** Nonces are given and checked by one task at a time. */
  #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#lastTask.then(task);
    this.#lastTask = result.catch(() => undefined);
    return result;
  }
}
