// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Gwei
/// @notice Amounts of DTEL in storage are whole gwei (1e-9 DTEL) in 64 bits, at every interface wei.
/// @dev 2^64 gwei are 18 billion DTEL, more than can ever exist (1 billion), so a sum of amounts that exist fits.
library Gwei {
    /// @notice The amount is not a whole number of gwei, or more than 2^64 of them.
    error NotWholeGwei(uint256 amountWei);

    uint256 internal constant WEI = 1e9;

    /// @notice Converts an amount from wei; refuses what storage could not hold exactly.
    function fromWei(uint256 amountWei) internal pure returns (uint64) {
        if (amountWei % WEI != 0 || amountWei / WEI > type(uint64).max) revert NotWholeGwei(amountWei);
        // The bound was checked in the line above.
        return uint64(amountWei / WEI);
    }

    /// @notice Converts an amount from wei, rounding down.
    function floorFromWei(uint256 amountWei) internal pure returns (uint64) {
        uint256 amountGwei = amountWei / WEI;
        if (amountGwei > type(uint64).max) revert NotWholeGwei(amountWei);
        return uint64(amountGwei);
    }

    /// @notice Converts an amount of gwei to wei.
    function toWei(uint64 amountGwei) internal pure returns (uint256) {
        return uint256(amountGwei) * WEI;
    }
}
