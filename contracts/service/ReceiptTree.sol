// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PathNode} from "./ServiceTypes.sol";

/// @title ReceiptTree
/// @notice Verifies a leaf of a Merkle-sum search tree over session receipts, ordered by session key.
/// @dev Each inner node commits to both children's hashes, both children's bytes and a separator key: all session
/// keys on the left are below it, none on the right. So the root fixes the total, and of one session key at most one
/// leaf can be opened: whoever counts a session twice has a leaf that no honest path leads to.
library ReceiptTree {
    /// @notice A step of a path has bits that mean nothing.
    error MalformedStep(uint256 step);
    /// @notice A key is on the wrong side of a separator.
    error SeparatorViolated(address sessionKey, address separator, bool keyIsLeft);
    /// @notice The path leads to another root.
    error RootMismatch(bytes32 computed, bytes32 root);
    /// @notice The path sums up to another total.
    error TotalMismatch(uint256 computed, uint256 total);

    /// @dev Inner nodes have tag 1 and another length: a leaf can never be read as one.
    bytes1 private constant LEAF_TAG = 0x00;
    uint256 private constant LEFT_FLAG = 1 << 255;
    uint256 private constant UNUSED_BITS = ((1 << 31) - 1) << 224;

    /// @notice Hash of a leaf.
    /// @param quality 0 to 10,000; the caller checks it.
    function hashLeaf(
        address sessionKey,
        uint64 bytesDelivered,
        uint16 quality
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(LEAF_TAG, sessionKey, bytesDelivered, quality));
    }

    /// @notice Hash of an inner node: keccak256(0x01 ‖ left hash ‖ left bytes ‖ right hash ‖ right bytes ‖ separator).
    function hashInner(
        bytes32 leftHash,
        uint64 leftBytes,
        bytes32 rightHash,
        uint64 rightBytes,
        address separator
    ) internal pure returns (bytes32 hash) {
        // `abi.encodePacked` would take new memory at each of a path's steps. Later writes cover what earlier, wider
        // ones left to their right; everything stays beyond the free memory pointer.
        assembly ("memory-safe") {
            let memoryEnd := mload(0x40)
            mstore8(memoryEnd, 0x01)
            mstore(add(memoryEnd, 1), leftHash)
            mstore(add(memoryEnd, 33), shl(192, leftBytes))
            mstore(add(memoryEnd, 41), rightHash)
            mstore(add(memoryEnd, 73), shl(192, rightBytes))
            mstore(add(memoryEnd, 81), shl(96, separator))
            hash := keccak256(memoryEnd, 101)
        }
    }

    /// @notice Verifies a leaf against root and total; reverts where anything is wrong. A sum above 2^64 − 1
    /// overflows and reverts too.
    /// @return prefix Bytes of all leaves left of this one.
    function verify(
        bytes32 root,
        uint256 total,
        address sessionKey,
        uint64 bytesDelivered,
        uint16 quality,
        PathNode[] calldata path
    ) internal pure returns (uint64 prefix) {
        bytes32 node = hashLeaf(sessionKey, bytesDelivered, quality);
        uint64 sum = bytesDelivered;
        for (uint256 i = 0; i < path.length; ++i) {
            uint256 step = path[i].step;
            if (step & UNUSED_BITS != 0) revert MalformedStep(step);
            // The casts take the word's fields apart.
            uint64 siblingBytes = uint64(step);
            address separator = address(uint160(step >> 64));
            bool keyIsLeft = step & LEFT_FLAG == 0;
            if (keyIsLeft != (sessionKey < separator))
                revert SeparatorViolated(sessionKey, separator, keyIsLeft);
            if (keyIsLeft) {
                node = hashInner(node, sum, path[i].siblingHash, siblingBytes, separator);
            } else {
                node = hashInner(path[i].siblingHash, siblingBytes, node, sum, separator);
                prefix += siblingBytes;
            }
            sum += siblingBytes;
        }
        if (sum != total) revert TotalMismatch(sum, total);
        if (node != root) revert RootMismatch(node, root);
    }
}
