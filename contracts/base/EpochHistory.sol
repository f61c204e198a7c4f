// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title EpochHistory
/// @notice A value by epoch: what held when an epoch began, for at least the last 256 changes.
/// @dev At most one entry per epoch, so the last 256 epochs are always covered. Values have 40 bits: stake in thousandths
/// of a DTEL, seats of the audit ring. So an entry takes 64 bits (epoch 24 | value 40), the head holds the three newest,
/// and a look-up of a recent epoch reads one slot. Full heads go to a ring, three entries to a word.
library EpochHistory {
    /// @notice The newest entries, oldest first; one slot.
    /// @param count Entries ever made.
    /// @param tag 32 bits for the owner of the history, which come along with every read.
    struct Head {
        uint64 first;
        uint64 second;
        uint64 third;
        uint32 count;
        uint32 tag;
    }

    /// @notice The whole history; 86 is `RING_WORDS`. A word of the ring holds first << 128 | second << 64 | third.
    struct History {
        Head head;
        uint192[86] ring;
    }

    /// @notice An entry's value would not fit.
    error ValueOutOfBounds(uint256 epoch, uint256 value);

    /// @dev 86 words of three entries, 258 in all, beside the head.
    uint256 private constant RING_WORDS = 86;
    uint256 private constant PER_WORD = 3;
    uint256 private constant VALUE_BITS = 40;

    /// @notice Whether nothing was ever recorded.
    function isEmpty(History storage self) internal view returns (bool) {
        return self.head.count == 0;
    }

    /// @notice The newest value; zero before the first.
    function latest(History storage self) internal view returns (uint256) {
        Head memory head = self.head;
        return _valueOf(_newest(head));
    }

    /// @notice The owner's 32 bits.
    function tag(History storage self) internal view returns (uint32) {
        return self.head.tag;
    }

    /// @notice Sets the owner's 32 bits.
    function setTag(History storage self, uint32 value) internal {
        self.head.tag = value;
    }

    /// @notice Records a value that holds from an epoch on, which is not older than the newest entry's.
    function record(History storage self, uint256 epoch, uint256 value) internal {
        if (epoch >= 1 << 24 || value >= 1 << VALUE_BITS) revert ValueOutOfBounds(epoch, value);
        Head memory head = self.head;
        // Both bounds were checked in the line above.
        uint64 entry = uint64((epoch << VALUE_BITS) | value);
        uint256 used = _used(head.count);
        if (head.count != 0 && _epochOf(_newest(head)) == epoch) {
            used -= 1;
        } else {
            if (used == PER_WORD) {
                self.ring[(head.count / PER_WORD - 1) % RING_WORDS] =
                    (uint192(head.first) << 128) |
                    (uint192(head.second) << 64) |
                    head.third;
                used = 0;
            }
            head.count += 1;
        }
        if (used == 0) head.first = entry;
        else if (used == 1) head.second = entry;
        else head.third = entry;
        self.head = head;
    }

    /// @notice What held in an epoch; zero before the first entry and before what is
    /// remembered.
    function at(History storage self, uint256 epoch) internal view returns (uint256) {
        Head memory head = self.head;
        uint256 used = _used(head.count);
        if (used == 3 && epoch >= _epochOf(head.third)) return _valueOf(head.third);
        if (used >= 2 && epoch >= _epochOf(head.second)) return _valueOf(head.second);
        if (used >= 1 && epoch >= _epochOf(head.first)) return _valueOf(head.first);
        return _search(self, (head.count - used) / PER_WORD, epoch);
    }

    /// @dev Binary search for the newest of the ring's words that begins no later than `epoch`.
    function _search(History storage self, uint256 end, uint256 epoch) private view returns (uint256) {
        uint256 begin = end > RING_WORDS ? end - RING_WORDS : 0;
        uint256 low = begin;
        uint256 high = end;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_epochOf(self.ring[middle % RING_WORDS] >> 128) > epoch) high = middle;
            else low = middle + 1;
        }
        if (low == begin) return 0;
        uint256 word = self.ring[(low - 1) % RING_WORDS];
        // The casts keep one entry of the word.
        if (epoch >= _epochOf(uint64(word))) return _valueOf(uint64(word));
        if (epoch >= _epochOf(uint64(word >> 64))) return _valueOf(uint64(word >> 64));
        return _valueOf(word >> 128);
    }

    /// @dev How many entries the head holds: 1 to 3, or none before the first.
    function _used(uint256 count) private pure returns (uint256) {
        return count == 0 ? 0 : ((count - 1) % PER_WORD) + 1;
    }

    function _newest(Head memory head) private pure returns (uint256) {
        uint256 used = _used(head.count);
        if (used == 3) return head.third;
        return used == 2 ? head.second : head.first;
    }

    function _epochOf(uint256 entry) private pure returns (uint256) {
        return entry >> VALUE_BITS;
    }

    function _valueOf(uint256 entry) private pure returns (uint256) {
        return entry & ((1 << VALUE_BITS) - 1);
    }
}
