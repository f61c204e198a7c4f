// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title WeightedMedian
/// @notice The lower weighted median of a few scores: the smallest one at which half of all weight is reached.
library WeightedMedian {
    uint256 private constant WEIGHT_BITS = 16;
    uint256 private constant WEIGHT_MASK = (1 << WEIGHT_BITS) - 1;

    /// @notice A score with its weight, so that a list of them can be sorted by score.
    /// @param weight Below 2^16.
    function entry(uint256 score, uint256 weight) internal pure returns (uint256) {
        return (score << WEIGHT_BITS) | weight;
    }

    /// @notice The median of the first `count` entries; sorts them. 0 where there are none or all weights are 0.
    function median(uint256[] memory entries, uint256 count) internal pure returns (uint256) {
        // Indices stay below `count`, and weights are 16 bits each.
        unchecked {
            uint256 total = 0;
            for (uint256 i = 0; i < count; ++i) {
                uint256 current = entries[i];
                total += current & WEIGHT_MASK;
                uint256 j = i;
                while (j != 0 && entries[j - 1] > current) {
                    entries[j] = entries[j - 1];
                    --j;
                }
                if (j != i) entries[j] = current;
            }
            uint256 reached = 0;
            for (uint256 i = 0; i < count; ++i) {
                reached += entries[i] & WEIGHT_MASK;
                if (2 * reached >= total) return entries[i] >> WEIGHT_BITS;
            }
            return 0;
        }
    }
}
