/**
 * Mocha's "spec" reporter, which also writes the counts to the file that DTEL_TEST_SUMMARY names.
 */
import Mocha from "mocha";

import { finishRun } from "./test-finish.mjs";

export default class CountingReporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      finishRun({ passed: passes, failed: failures, skipped: pending });
    });
  }
}
