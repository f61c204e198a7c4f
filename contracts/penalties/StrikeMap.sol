// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title StrikeMap
/// @notice The epochs of the last 64 in which a node was struck: bit i stands for the newest such epoch less i. The order
/// in which strikes are posted makes no difference.
library StrikeMap {
    /// @notice The epoch was struck before.
    error AlreadyStruck(uint256 epoch);
    /// @notice The epoch is more than 63 older than the newest strike.
    error StrikeTooOld(uint256 epoch, uint256 newestEpoch);

    uint256 internal constant EPOCHS = 64;

    /// @notice Adds a strike.
    /// @return The map, and the newest epoch in it.
    function add(uint64 map, uint256 newestEpoch, uint256 epoch) internal pure returns (uint64, uint256) {
        if (map == 0) return (1, epoch);
        if (epoch > newestEpoch) {
            uint256 shift = epoch - newestEpoch;
            // Bits shifted out are epochs that have left the map.
            return (shift < EPOCHS ? (map << uint8(shift)) | 1 : 1, epoch);
        }
        uint256 age = newestEpoch - epoch;
        if (age >= EPOCHS) revert StrikeTooOld(epoch, newestEpoch);
        uint64 bit = uint64(1 << age);
        if (map & bit != 0) revert AlreadyStruck(epoch);
        return (map | bit, newestEpoch);
    }

    /// @notice The most strikes in any `window` consecutive epochs that contain `epoch`, which is in the map.
    /// @dev All of them, since a strike posted late may complete a window that ended before the newest strike.
    /// @param window 1 to 64.
    function mostAround(
        uint64 map,
        uint256 newestEpoch,
        uint256 epoch,
        uint256 window
    ) internal pure returns (uint256 most) {
        uint256 age = newestEpoch - epoch;
        uint256 mask = (1 << window) - 1;
        for (uint256 youngest = age < window ? 0 : age - window + 1; youngest <= age; ++youngest) {
            uint256 count = _countBits((map >> youngest) & mask);
            if (count > most) most = count;
        }
    }

    /// @dev Bits set in a word of 64: summed in pairs, nibbles, bytes, then all bytes at once by the multiplication.
    function _countBits(uint256 word) private pure returns (uint256) {
        word -= (word >> 1) & 0x5555555555555555;
        word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333);
        word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
        return ((word * 0x0101010101010101) >> 56) & 0xff;
    }
}
