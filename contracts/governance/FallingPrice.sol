// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title FallingPrice
/// @notice A price that falls evenly from a start to a floor, and what an amount costs at it. Pure arithmetic; rounds in
/// favour of the seller.
library FallingPrice {
    /// @dev Prices are for this many units.
    uint256 internal constant UNIT = 1e18;

    /// @notice The price after a time, rounded up; the floor from the end of the duration on.
    function priceAfter(
        uint256 startPrice,
        uint256 floorPrice,
        uint256 durationSeconds,
        uint256 elapsedSeconds
    ) internal pure returns (uint256) {
        if (elapsedSeconds >= durationSeconds) return floorPrice;
        return startPrice - ((startPrice - floorPrice) * elapsedSeconds) / durationSeconds;
    }

    /// @notice What an amount costs, rounded up: never nothing.
    function costOf(uint256 amount, uint256 price) internal pure returns (uint256) {
        return Math.mulDiv(amount, price, UNIT, Math.Rounding.Ceil);
    }
}
