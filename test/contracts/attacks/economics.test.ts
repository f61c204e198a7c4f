import { expect } from "chai";
import type { Outcome } from "./outcome.js";
import { tableOf } from "./outcome.js";
import { AUDIT_ATTACKS } from "./scenarios/audits.js";
import { PAYMENT_ATTACKS } from "./scenarios/payments.js";
import { STAKE_ATTACKS } from "./scenarios/stake.js";
import { SETTINGS } from "./settings.js";

/** What rounding to whole gwei may leave with somebody over a few claims. */
const ROUNDING_WEI = 1_000n * 10n ** 9n;

/**
 * Every attack is carried out on the real contracts, and next to it the same people are honest on the same chain: the
 * attackers may never have more in the end. What each wins and loses is printed.
 */
describe("attacks that must not pay", function () {
  this.timeout(120_000);
  const rows: (Outcome & { setting: string })[] = [];

  for (const setting of SETTINGS) {
    describe(`with ${setting.name} parameters`, () => {
      for (const { name, run } of [...PAYMENT_ATTACKS, ...AUDIT_ATTACKS, ...STAKE_ATTACKS]) {
        it(`${name} wins nothing`, async () => {
          const outcomes = await run(setting);
          rows.push(...outcomes.map((outcome) => ({ ...outcome, setting: setting.name })));
          for (const { attack, net } of outcomes) {
            expect(net <= ROUNDING_WEI, `${attack} gained ${net} wei`).to.equal(true);
          }
        });
      }
    });
  }

  after(() => {
    rows.sort((a, b) => a.attack.localeCompare(b.attack));
    console.log(`\nIn DTEL:\n${tableOf(rows)}\n`);
  });
});
