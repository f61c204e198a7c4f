// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IServiceAttestations} from "./IServiceAttestations.sol";

/// @notice What is stored of a node's epoch, in one word: hash 224 | lap 24 | claimed 1 | status 7.
type AttestationWord is uint256;

using AttestationWords for AttestationWord global;

/// @title AttestationWords
/// @notice Reads and writes `AttestationWord`. 224 bits of a hash leave a second preimage 2^224 tries away.
library AttestationWords {
    uint256 private constant CLAIMED = 0x80;
    uint256 private constant STATUS_MASK = 0x7f;
    uint256 private constant HASH_MASK = ~uint256(0xffffffff);

    /// @notice The word of a fresh attestation.
    function attested(bytes32 attestationHash, uint24 lap) internal pure returns (AttestationWord) {
        return
            AttestationWord.wrap(
                (uint256(attestationHash) & HASH_MASK) |
                    (uint256(lap) << 8) |
                    uint256(IServiceAttestations.Status.Attested)
            );
    }

    /// @notice The word of an epoch that was claimed without an attestation.
    function claimedOnly(uint24 lap) internal pure returns (AttestationWord) {
        return AttestationWord.wrap((uint256(lap) << 8) | CLAIMED);
    }

    /// @notice The same word, one step further.
    function withStatus(
        AttestationWord self,
        IServiceAttestations.Status status_
    ) internal pure returns (AttestationWord) {
        return AttestationWord.wrap((AttestationWord.unwrap(self) & ~STATUS_MASK) | uint256(status_));
    }

    /// @notice The same word, claimed.
    function asClaimed(AttestationWord self) internal pure returns (AttestationWord) {
        return AttestationWord.wrap(AttestationWord.unwrap(self) | CLAIMED);
    }

    /// @notice The word if it was written in this lap of the ring, else an empty one.
    function ifOfLap(AttestationWord self, uint24 lap) internal pure returns (AttestationWord) {
        // The cast keeps the 24 bits of the lap.
        return uint24(AttestationWord.unwrap(self) >> 8) == lap ? self : AttestationWord.wrap(0);
    }

    /// @notice Whether anything is on record.
    function isEmpty(AttestationWord self) internal pure returns (bool) {
        return AttestationWord.unwrap(self) == 0;
    }

    /// @notice Whether the epoch was claimed.
    function isClaimed(AttestationWord self) internal pure returns (bool) {
        return AttestationWord.unwrap(self) & CLAIMED != 0;
    }

    /// @notice How far the attestation got.
    function status(AttestationWord self) internal pure returns (IServiceAttestations.Status) {
        return IServiceAttestations.Status(AttestationWord.unwrap(self) & STATUS_MASK);
    }

    /// @notice The hash that is on record: its highest 224 bits.
    function recordedHash(AttestationWord self) internal pure returns (bytes32) {
        return bytes32(AttestationWord.unwrap(self) & HASH_MASK);
    }

    /// @notice A hash cut to what is recorded of it.
    function cut(bytes32 attestationHash) internal pure returns (bytes32) {
        return bytes32(uint256(attestationHash) & HASH_MASK);
    }
}
