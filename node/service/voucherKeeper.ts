import type { Logger } from "pino";
import type { NodeChain } from "../chain/nodeChain.js";
import type { Address } from "../protocol/hex.js";
import type { SignedVoucher } from "../protocol/typedData.js";
import { MAX_SESSIONS_PER_VOUCHER_REQUEST } from "../protocol/voucherExchange.js";
import type { AccountStore, AppBill } from "./accountStore.js";
import type { Exposure } from "./exposure.js";
import { signedReceiptOf } from "./receiptStore.js";
import type { ReceiptStore } from "./receiptStore.js";
import { VoucherRefused, checkVoucher } from "./voucherCheck.js";
import type { AskForVoucher } from "./voucherClient.js";

export interface VoucherKeeperOptions {
  readonly chain: Pick<NodeChain, "nodeId" | "paymentDomain" | "isVoucherSigner" | "appAccount">;
  readonly receipts: ReceiptStore;
  readonly accounts: AccountStore;
  readonly ask: AskForVoucher;
  /** What the node risks with an app; undefined where it is not served. */
  readonly exposureOf: (bill: AppBill) => Exposure | undefined;
  /** How often an app is asked as the node serves it. */
  readonly periodMs: number;
  readonly log: Logger;
}

/** An app is asked ahead of its turn when it has used up this part of its limit. */
const URGENT_PERCENT = 40n;
const LOOK_MS = 1_000;
/** After a failure an app is asked again after this long, then after twice as long, and so on up to a minute. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

interface Turn {
  asking: Promise<boolean> | undefined;
  nextMs: number;
  failures: number;
}

/** Shows apps the receipts of their participants and keeps the vouchers they sign in return. */
export class VoucherKeeper {
  readonly #options: VoucherKeeperOptions;
  readonly #turns = new Map<Address, Turn>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: VoucherKeeperOptions) {
    this.#options = options;
  }

  /** Asks apps in turn until `stop`. */
  start(): void {
    this.#timer ??= setInterval(() => this.#look(Date.now()), LOOK_MS);
  }

  /** Asks no more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.allSettled([...this.#turns.values()].flatMap(({ asking = [] }) => asking));
  }

  /**
   * Asks an app until it has been shown all receipts there are.
   * @returns Whether it answered to all of them. Failures are logged.
   */
  async ask(app: Address): Promise<boolean> {
    if (this.#stopped) return false;
    const turn = this.#turnOf(app);
    turn.asking ??= this.#askForAll(app, turn).finally(() => (turn.asking = undefined));
    return turn.asking;
  }

  #look(nowMs: number): void {
    for (const bill of this.#options.accounts.all()) {
      const turn = this.#turnOf(bill.app);
      const mayAsk =
        turn.failures === 0 ? this.#isUrgent(bill) || nowMs >= turn.nextMs : nowMs >= turn.nextMs;
      if (turn.asking === undefined && mayAsk && this.#options.receipts.unshown(bill.app, 1).length > 0) {
        void this.ask(bill.app);
      }
    }
  }

  #isUrgent(bill: AppBill): boolean {
    const exposure = this.#options.exposureOf(bill);
    return exposure !== undefined && exposure.unbilled * 100n > exposure.limit * URGENT_PERCENT;
  }

  #turnOf(app: Address): Turn {
    const turn = this.#turns.get(app) ?? { asking: undefined, nextMs: 0, failures: 0 };
    this.#turns.set(app, turn);
    return turn;
  }

  async #askForAll(app: Address, turn: Turn): Promise<boolean> {
    try {
      for (;;) {
        const bill = this.#options.accounts.get(app);
        const shown = await this.#askOnce(app, bill);
        if (shown < MAX_SESSIONS_PER_VOUCHER_REQUEST) break;
      }
      turn.failures = 0;
      turn.nextMs = Date.now() + this.#options.periodMs;
      return true;
    } catch (error) {
      if (this.#stopped) return false;
      turn.failures += 1;
      turn.nextMs = Date.now() + Math.min(FIRST_PAUSE_MS * 2 ** (turn.failures - 1), LONGEST_PAUSE_MS);
      this.#options.log.warn(
        { err: error, app, failures: turn.failures },
        "no voucher from the app's endpoint",
      );
      return false;
    }
  }

  /** One request; returns how many receipts it showed. */
  async #askOnce(app: Address, bill: AppBill | undefined): Promise<number> {
    const { receipts, chain, ask, log } = this.#options;
    const shown = receipts.unshown(app, MAX_SESSIONS_PER_VOUCHER_REQUEST);
    if (shown.length === 0 || bill === undefined) return 0;
    const sessions = shown.map((stored) => ({
      grant: stored.grant,
      receipt: signedReceiptOf(stored, chain.nodeId),
    }));
    const { voucher, refused } = await ask(bill.voucherUrl, { nodeId: chain.nodeId, app, sessions });
    for (const { sessionKey, epoch, reason } of refused)
      log.warn({ app, sessionKey, epoch, reason }, "receipt disputed");
    if (voucher !== undefined) await this.#keep(bill, voucher);
    receipts.markShown(shown);
    // The app has seen everything there is: what it does not promise now, it disputes.
    if (receipts.unshown(app, 1).length === 0) this.#options.accounts.writeOffDisputed(app);
    return shown.length;
  }

  async #keep(bill: AppBill, voucher: SignedVoucher): Promise<void> {
    const { chain, accounts, log } = this.#options;
    const { app } = bill;
    const before = bill.voucher?.voucher ?? (await this.#collected(app));
    const { cumulativeAmount, cumulativeScore } = before;
    const previous = { amount: cumulativeAmount, score: cumulativeScore };
    const signer = checkVoucher(voucher, {
      app,
      nodeId: chain.nodeId,
      domain: chain.paymentDomain,
      previous,
    });
    if (voucher.voucher.cumulativeAmount === previous.amount) return;
    if (!(await chain.isVoucherSigner(app, signer)))
      throw new VoucherRefused(`${signer} signs no vouchers for ${app}`);
    accounts.putVoucher(voucher);
    log.debug({ app, amount: voucher.voucher.cumulativeAmount.toString() }, "voucher kept");
  }

  async #collected(app: Address): Promise<{ cumulativeAmount: bigint; cumulativeScore: bigint }> {
    const { paid, score } = await this.#options.chain.appAccount(app);
    return { cumulativeAmount: paid, cumulativeScore: score };
  }
}
