// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title LinearVesting
/// @notice Nothing until a cliff ends, from then on evenly over a duration. Pure arithmetic.
library LinearVesting {
    /// @dev Far more than anything runs, far less than would overflow in a sum of times or in a product with an amount.
    uint256 internal constant MAX_DURATION_SECONDS = 20 * 365 days;
    uint256 internal constant MAX_START = type(uint40).max;

    /// @notice Whether times are within what `vestedAt` can work with.
    function isValid(
        uint256 start,
        uint256 cliffSeconds,
        uint256 durationSeconds
    ) internal pure returns (bool) {
        return
            start != 0 &&
            start <= MAX_START &&
            cliffSeconds <= MAX_DURATION_SECONDS &&
            durationSeconds <= MAX_DURATION_SECONDS;
    }

    /// @notice What has vested at a moment, rounded down; all of it from start + cliff + duration on.
    /// @param amount Up to 2^200.
    function vestedAt(
        uint256 amount,
        uint256 start,
        uint256 cliffSeconds,
        uint256 durationSeconds,
        uint256 timestamp
    ) internal pure returns (uint256) {
        uint256 begin = start + cliffSeconds;
        if (timestamp < begin) return 0;
        if (timestamp - begin >= durationSeconds) return amount;
        return (amount * (timestamp - begin)) / durationSeconds;
    }
}
