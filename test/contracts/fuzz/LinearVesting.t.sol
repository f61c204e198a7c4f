// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {LinearVesting} from "../../../contracts/token/LinearVesting.sol";

/// @title LinearVestingTest
/// @notice Nothing until the cliff ends, then evenly, all of it in the end.
contract LinearVestingTest is FuzzTest {
    struct Times {
        uint256 start;
        uint256 cliff;
        uint256 duration;
    }

    function testFuzz_neverFallsAndEndsExactly(
        uint96 amount,
        Times memory times,
        uint256 early,
        uint256 late
    ) external pure {
        _bound(times);
        early = bound(early, 0, type(uint48).max);
        late = bound(late, early, type(uint48).max);
        uint256 first = _at(amount, times, early);
        uint256 second = _at(amount, times, late);
        assertLe(first, second, "falls");
        assertLe(second, amount, "more than all");
        uint256 begin = times.start + times.cliff;
        if (early < begin) assertEq(first, 0, "before the cliff's end");
        if (late >= begin + times.duration) assertEq(second, amount, "in the end");
        // Never more than the even rate, nor a wei less than it.
        if (early >= begin && early < begin + times.duration) {
            assertLe(first * times.duration, uint256(amount) * (early - begin), "too fast");
            assertGt((first + 1) * times.duration, uint256(amount) * (early - begin), "too slow");
        }
    }

    function testFuzz_boundaries(uint96 amount, Times memory times) external pure {
        _bound(times);
        uint256 begin = times.start + times.cliff;
        assertEq(_at(amount, times, begin - 1), 0, "a second before");
        assertEq(_at(amount, times, begin), times.duration == 0 ? amount : 0, "at the cliff's end");
        assertEq(_at(amount, times, begin + times.duration), amount, "at the end");
    }

    /// @dev However often and when it is claimed, the sum is what has vested.
    function testFuzz_claimsAddUp(uint96 amount, Times memory times, uint256 seed) external pure {
        _bound(times);
        uint256 claimed;
        uint256 moment = times.start;
        for (uint256 i = 0; i < 20; ++i) {
            moment += (uint256(keccak256(abi.encode(seed, i))) % (times.cliff + times.duration + 1)) / 8;
            claimed += _at(amount, times, moment) - claimed;
            assertEq(claimed, _at(amount, times, moment));
        }
        claimed += _at(amount, times, type(uint64).max) - claimed;
        assertEq(claimed, amount);
    }

    function testFuzz_whatIsValidDoesNotOverflow(
        uint256 start,
        uint256 cliff,
        uint256 duration
    ) external pure {
        if (!LinearVesting.isValid(start, cliff, duration)) return;
        LinearVesting.vestedAt(type(uint128).max, start, cliff, duration, type(uint64).max);
        LinearVesting.vestedAt(type(uint128).max, start, cliff, duration, start + cliff + duration / 2);
    }

    function _bound(Times memory times) private pure {
        times.start = bound(times.start, 1, LinearVesting.MAX_START);
        times.cliff = bound(times.cliff, 0, LinearVesting.MAX_DURATION_SECONDS);
        times.duration = bound(times.duration, 0, LinearVesting.MAX_DURATION_SECONDS);
        assertTrue(LinearVesting.isValid(times.start, times.cliff, times.duration));
    }

    function _at(uint256 amount, Times memory times, uint256 moment) private pure returns (uint256) {
        return LinearVesting.vestedAt(amount, times.start, times.cliff, times.duration, moment);
    }
}
