// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PathNode} from "./ServiceTypes.sol";

/// @title ReceiptTree
/// @notice Verifies a leaf of a Merkle-sum search tree over session receipts, ordered by session key.
/// @dev Each inner node commits to both children's hashes, both children's bytes and a separator key: all session
/// keys on the left are below it, none on the right. So the root fixes the total, and of one session key at most one
/// leaf can be opened: whoever counts a session twice has a leaf that no honest path leads to.
library ReceiptTree {
    /// @notice A key is on the wrong side of a separator.
    error SeparatorViolated(address sessionKey, address separator, bool keyIsLeft);
    /// @notice The path leads to another root.
    error RootMismatch(bytes32 computed, bytes32 root);
    /// @notice The path sums up to another total.
    error TotalMismatch(uint256 computed, uint256 total);

    /// @dev Different tags and lengths: a leaf can never be read as an inner node.
    bytes1 private constant LEAF_TAG = 0x00;
    bytes1 private constant INNER_TAG = 0x01;

    /// @notice Hash of a leaf.
    /// @param quality 0 to 10,000; the caller checks it.
    function hashLeaf(
        address sessionKey,
        uint64 bytesDelivered,
        uint16 quality
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(LEAF_TAG, sessionKey, bytesDelivered, quality));
    }

    /// @notice Hash of an inner node.
    function hashInner(
        bytes32 leftHash,
        uint64 leftBytes,
        bytes32 rightHash,
        uint64 rightBytes,
        address separator
    ) internal pure returns (bytes32) {
        return
            keccak256(abi.encodePacked(INNER_TAG, leftHash, leftBytes, rightHash, rightBytes, separator));
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
            PathNode calldata step = path[i];
            bool keyIsLeft = !step.siblingIsLeft;
            if (keyIsLeft != (sessionKey < step.separator))
                revert SeparatorViolated(sessionKey, step.separator, keyIsLeft);
            if (keyIsLeft) {
                node = hashInner(node, sum, step.siblingHash, step.siblingBytes, step.separator);
            } else {
                node = hashInner(step.siblingHash, step.siblingBytes, node, sum, step.separator);
                prefix += step.siblingBytes;
            }
            sum += step.siblingBytes;
        }
        if (sum != total) revert TotalMismatch(sum, total);
        if (node != root) revert RootMismatch(node, root);
    }
}
