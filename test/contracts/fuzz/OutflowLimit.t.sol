// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {OutflowLimit} from "../../../contracts/governance/OutflowLimit.sol";

/// @title OutflowLimitTest
/// @notice Outflows at any times against a plain list of them: no window sees more than the limit.
contract OutflowLimitTest is FuzzTest {
    using OutflowLimit for OutflowLimit.Bucket;

    struct Outflow {
        uint256 moment;
        uint256 amount;
        /// @dev What there was before it, what left lately included.
        uint256 base;
        /// @dev Came in before it, ever.
        uint256 income;
    }

    Outflow[] private outflows;

    /// @dev Somebody greedy takes what can be had at random times, some of it or all.
    function testFuzz_noWindowSeesMoreThanTheLimit(
        uint256 seed,
        uint256 limitBps,
        uint256 windowSeconds
    ) external {
        limitBps = bound(limitBps, 100, 2_500);
        windowSeconds = bound(windowSeconds, 60, 90 days);
        OutflowLimit.Bucket memory bucket;
        uint256 free = bound(seed, 0, 1e27);
        uint256 income;
        uint256 moment = 1_700_000_000;
        for (uint256 i = 0; i < 50; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            moment += random % 3 == 0 ? 0 : (random >> 8) % (windowSeconds / 2);
            uint256 arrives = (random >> 40) % 4 == 0 ? (random >> 48) % (free / 3 + 2) : 0;
            free += arrives;
            income += arrives;
            bucket = bucket.current(free, limitBps, windowSeconds, moment);
            uint256 base = free + bucket.level;
            uint256 most = bucket.available(free);
            assertLe(most, free, "more than there is");
            uint256 amount = (random >> 120) % 3 == 0 ? (random >> 128) % (most + 1) : most;
            bucket.level += uint128(amount);
            free -= amount;
            outflows.push(Outflow(moment, amount, base, income));
            _checkWindow(i, limitBps, windowSeconds);
        }
    }

    /// @dev The window that ends with the outflow `last`, and every shorter one.
    function _checkWindow(uint256 last, uint256 limitBps, uint256 windowSeconds) private view {
        uint256 sum;
        for (uint256 i = last + 1; i > 0; --i) {
            Outflow storage first = outflows[i - 1];
            if (outflows[last].moment - first.moment > windowSeconds) return;
            sum += first.amount;
            uint256 most = ((first.base + outflows[last].income - first.income) * limitBps) / 10_000;
            assertLe(sum, most + 1, "more than the limit");
        }
    }

    /// @dev All that may leave leaves; after a whole window as much may leave again.
    function testFuzz_emptiesInAWindow(uint128 free, uint256 limitBps, uint256 windowSeconds) external pure {
        limitBps = bound(limitBps, 100, 2_500);
        windowSeconds = bound(windowSeconds, 60, 90 days);
        OutflowLimit.Bucket memory bucket;
        bucket = bucket.current(free, limitBps, windowSeconds, 1_700_000_000);
        uint256 first = bucket.available(free);
        assertEq(first, (uint256(free) * limitBps) / 20_000);
        bucket.level += uint128(first);
        uint256 left = free - first;
        bucket = bucket.current(left, limitBps, windowSeconds, 1_700_000_000);
        assertEq(bucket.available(left), 0, "twice");
        bucket = bucket.current(left, limitBps, windowSeconds, 1_700_000_000 + windowSeconds);
        assertEq(bucket.available(left), (left * limitBps) / 20_000, "again");
    }

    /// @dev Money that is lent for a moment raises the limit by less than it costs.
    function testFuzz_borrowedMoneyDoesNotHelp(uint128 free, uint128 lent, uint256 limitBps) external pure {
        limitBps = bound(limitBps, 100, 2_500);
        OutflowLimit.Bucket memory bucket;
        bucket = bucket.current(free, limitBps, 30 days, 1_700_000_000);
        uint256 without = bucket.available(free);
        uint256 withLoan = bucket.available(uint256(free) + lent);
        assertLe(withLoan, without + lent);
    }

    function testFuzz_pendingLimitHoldsFromItsTime(
        uint256 first,
        uint256 next,
        uint256 at,
        uint256 moment
    ) external pure {
        first = bound(first, 100, 2_500);
        next = bound(next, 100, 2_500);
        at = bound(at, 1, type(uint40).max);
        moment = bound(moment, 1, type(uint40).max);
        OutflowLimit.Bucket memory bucket;
        bucket.limitBps = uint16(first);
        bucket.pendingBps = uint16(next);
        bucket.pendingAt = uint40(at);
        bucket = bucket.current(1e24, 1_000, 30 days, moment);
        assertEq(bucket.limitBps, moment >= at ? next : first);
        assertEq(bucket.pendingBps, moment >= at ? 0 : next);
    }
}
