// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {WeightedMedian} from "../../../contracts/service/WeightedMedian.sol";

/// @title WeightedMedianTest
/// @notice The median against what it promises.
contract WeightedMedianTest is FuzzTest {
    uint256 private constant MAX = 7;

    /// @notice What is below it weighs less than half, and with it at least half; and somebody gave it.
    function testFuzz_isTheLowerWeightedMedian(
        uint16[MAX] memory scores,
        uint16[MAX] memory weights,
        uint256 count
    ) external pure {
        count = bound(count, 1, MAX);
        uint256 total = 0;
        uint256[] memory entries = new uint256[](MAX);
        for (uint256 i = 0; i < count; ++i) {
            weights[i] = uint16(bound(weights[i], 1, 10_000));
            scores[i] = uint16(bound(scores[i], 0, 10_000));
            entries[i] = WeightedMedian.entry(scores[i], weights[i]);
            total += weights[i];
        }
        uint256 median = WeightedMedian.median(entries, count);
        uint256 below = 0;
        uint256 reached = 0;
        bool given = false;
        for (uint256 i = 0; i < count; ++i) {
            if (scores[i] < median) below += weights[i];
            if (scores[i] <= median) reached += weights[i];
            if (scores[i] == median) given = true;
        }
        assertTrue(given, "one of the scores");
        assertLt(2 * below, total, "less than half below");
        assertGe(2 * reached, total, "half reached");
    }

    /// @notice Ties are broken by the score alone.
    function testFuzz_doesNotDependOnTheOrder(
        uint16[MAX] memory scores,
        uint16[MAX] memory weights
    ) external pure {
        uint256[] memory forward = new uint256[](MAX);
        uint256[] memory backward = new uint256[](MAX);
        for (uint256 i = 0; i < MAX; ++i) {
            forward[i] = WeightedMedian.entry(scores[i], weights[i]);
            backward[MAX - 1 - i] = forward[i];
        }
        assertEq(WeightedMedian.median(forward, MAX), WeightedMedian.median(backward, MAX), "order");
    }

    /// @notice Honest auditors with more than half of the weight keep it between their own scores.
    function testFuzz_isNotMovedByLessThanHalf(
        uint16[MAX] memory lies,
        uint256 low,
        uint256 high,
        uint256 liarsWeight
    ) external pure {
        low = bound(low, 0, 10_000);
        high = bound(high, low, 10_000);
        // Four honest ones of 1,000, three liars with less than that together.
        liarsWeight = bound(liarsWeight, 0, 1_333);
        uint256[] memory entries = new uint256[](MAX);
        for (uint256 i = 0; i < 4; ++i) entries[i] = WeightedMedian.entry(i % 2 == 0 ? low : high, 1_000);
        for (uint256 i = 4; i < MAX; ++i) entries[i] = WeightedMedian.entry(lies[i], liarsWeight);
        uint256 median = WeightedMedian.median(entries, MAX);
        assertGe(median, low, "not below what honest ones gave");
        assertLe(median, high, "not above");
    }

    /// @notice Neither without scores nor without weights does it divide by anything.
    function test_ofNothingIsNothing() external pure {
        assertEq(WeightedMedian.median(new uint256[](3), 0), 0, "no scores");
        assertEq(WeightedMedian.median(new uint256[](3), 3), 0, "no weights");
    }
}
