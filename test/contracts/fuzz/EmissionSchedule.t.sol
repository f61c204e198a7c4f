// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {EmissionSchedule} from "../../../contracts/token/EmissionSchedule.sol";

/// @title EmissionScheduleTest
/// @notice Year y gives 80M · 0.8^y for 20 years, evenly over its seconds.
contract EmissionScheduleTest is FuzzTest {
    uint256 private constant YEAR = 365 days;

    function test_everyYearGivesFourFifthsOfTheOneBefore() external pure {
        uint256 yearly = 80_000_000e18;
        uint256 total;
        for (uint256 year = 0; year < 20; ++year) {
            assertEq(EmissionSchedule.emittedAfter(year * YEAR), total);
            total += yearly;
            assertEq(EmissionSchedule.emittedAfter((year + 1) * YEAR), total);
            assertEq((yearly * 4) % 5, 0, "exact to the wei");
            yearly = (yearly * 4) / 5;
        }
        assertEq(total / 1e18, 395_388_313);
        assertEq(EmissionSchedule.emittedAfter(type(uint256).max), total);
    }

    function testFuzz_neverFallsAndIsBounded(uint256 elapsed, uint256 more) external pure {
        elapsed = bound(elapsed, 0, 30 * YEAR);
        more = bound(more, 0, 30 * YEAR);
        uint256 earlier = EmissionSchedule.emittedAfter(elapsed);
        uint256 later = EmissionSchedule.emittedAfter(elapsed + more);
        assertLe(earlier, later);
        assertLe(later, 395_400_000e18);
        // Nothing comes faster than in the first year.
        assertLe(later - earlier, (80_000_000e18 * more) / YEAR + 1);
    }

    function testFuzz_epochsAddUp(uint256 epochSeconds, uint256 first, uint8 count) external pure {
        epochSeconds = bound(epochSeconds, 30, 7 days);
        first = bound(first, 0, (21 * YEAR) / epochSeconds);
        uint256 sum;
        for (uint256 epoch = first; epoch < first + count; ++epoch) {
            sum +=
                EmissionSchedule.emittedAfter((epoch + 1) * epochSeconds) -
                EmissionSchedule.emittedAfter(epoch * epochSeconds);
        }
        assertEq(
            sum,
            EmissionSchedule.emittedAfter((first + count) * epochSeconds) -
                EmissionSchedule.emittedAfter(first * epochSeconds)
        );
    }
}
