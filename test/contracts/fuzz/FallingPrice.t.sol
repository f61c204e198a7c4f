// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {FallingPrice} from "../../../contracts/governance/FallingPrice.sol";

/// @title FallingPriceTest
/// @notice Falls evenly from the start to the floor; rounding never favours the buyer.
contract FallingPriceTest is FuzzTest {
    function testFuzz_fallsFromStartToFloor(
        uint128 start,
        uint128 floor,
        uint256 duration,
        uint256 early,
        uint256 late
    ) external pure {
        start = uint128(bound(start, 1, type(uint128).max));
        floor = uint128(bound(floor, 1, start));
        duration = bound(duration, 60, 30 days);
        early = bound(early, 0, 2 * duration);
        late = bound(late, early, 2 * duration);
        uint256 first = FallingPrice.priceAfter(start, floor, duration, early);
        uint256 second = FallingPrice.priceAfter(start, floor, duration, late);
        assertGe(first, second, "rises");
        assertLe(first, start);
        assertGe(second, floor);
        assertEq(FallingPrice.priceAfter(start, floor, duration, 0), start);
        assertEq(FallingPrice.priceAfter(start, floor, duration, duration), floor);
        if (early < duration) {
            // Not below the line, and less than one above it.
            uint256 line = uint256(start) * (duration - early) + uint256(floor) * early;
            assertGe(first * duration, line, "below the line");
            assertLt((first - 1) * duration, line, "far above the line");
        }
    }

    function testFuzz_partsCostNoLessThanTheWhole(uint128 amount, uint128 part, uint128 price) external pure {
        amount = uint128(bound(amount, 2, type(uint128).max));
        part = uint128(bound(part, 1, amount - 1));
        price = uint128(bound(price, 1, type(uint128).max));
        uint256 whole = FallingPrice.costOf(amount, price);
        uint256 parts = FallingPrice.costOf(part, price) + FallingPrice.costOf(amount - part, price);
        assertGe(parts, whole);
        assertLe(parts, whole + 1);
        assertGt(FallingPrice.costOf(part, price), 0, "for nothing");
    }
}
