// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title SeedLanes
/// @notice A seed is eight lanes of 32 bits, each from another block: the producer of one block holds one lane. So lanes
/// are used one by one and never hashed together.
library SeedLanes {
    uint256 internal constant LANES = 8;

    /// @notice Lane `index` of a seed, lane 0 highest.
    function lane(bytes32 seed, uint256 index) internal pure returns (uint256) {
        // The cast keeps the lane's 32 bits; an index is below 8.
        unchecked {
            return uint32(uint256(seed) >> (32 * (LANES - 1 - index)));
        }
    }
}
