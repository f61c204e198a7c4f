// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title StakeHistory
/// @notice A stake by epoch: what held when an epoch began, for the last 258 changes.
/// @dev At most one entry per epoch, so the last 256 epochs are always covered. The two newest entries share the head
/// word, so the usual look-up reads one slot. Older ones are packed two to a slot in a ring.
library StakeHistory {
    /// @notice One slot.
    /// @param count Entries ever made.
    /// @param epoch The newest entry holds from this epoch on.
    /// @param previousEpoch The one before holds from this epoch on.
    /// @param stake The newest entry's value, in gwei.
    /// @param previousStake The one before, in gwei.
    struct Head {
        uint32 count;
        uint32 epoch;
        uint32 previousEpoch;
        uint64 stake;
        uint64 previousStake;
    }

    /// @notice The whole history; `ring` holds epoch << 64 | stake.
    struct History {
        Head head;
        uint96[256] ring;
    }

    uint256 private constant RING = 256;

    /// @notice The newest value, in gwei.
    function latest(History storage self) internal view returns (uint64) {
        return self.head.stake;
    }

    /// @notice Records a value that holds from an epoch on, which is not older than the newest entry's.
    function record(History storage self, uint256 epoch, uint64 stake) internal {
        Head memory head = self.head;
        if (head.count != 0 && head.epoch == epoch) {
            self.head.stake = stake;
            return;
        }
        if (head.count > 1) {
            self.ring[(head.count - 2) % RING] = (uint96(head.previousEpoch) << 64) | head.previousStake;
        }
        // Epochs of a minute fill 32 bits after 8,000 years.
        self.head = Head({
            count: head.count + 1,
            epoch: uint32(epoch),
            previousEpoch: head.epoch,
            stake: stake,
            previousStake: head.stake
        });
    }

    /// @notice What held in an epoch, in gwei; zero before the first entry and before what is remembered.
    function at(History storage self, uint256 epoch) internal view returns (uint64) {
        Head memory head = self.head;
        if (head.count == 0) return 0;
        if (epoch >= head.epoch) return head.stake;
        if (head.count == 1) return 0;
        if (epoch >= head.previousEpoch) return head.previousStake;
        return _search(self, head.count - 2, epoch);
    }

    /// @dev Binary search for the newest of the ring's entries that is not younger than `epoch`.
    function _search(History storage self, uint256 end, uint256 epoch) private view returns (uint64) {
        uint256 first = end > RING ? end - RING : 0;
        uint256 low = first;
        uint256 high = end;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self.ring[middle % RING] >> 64 > epoch) high = middle;
            else low = middle + 1;
        }
        // Cutting off the epoch leaves the stake.
        return low == first ? 0 : uint64(self.ring[(low - 1) % RING]);
    }
}
