// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ReceiptTree} from "../../../contracts/service/ReceiptTree.sol";
import {PathNode} from "../../../contracts/service/ServiceTypes.sol";

/// @title ReceiptTreeHarness
/// @notice Makes the library callable from outside: paths are calldata.
contract ReceiptTreeHarness {
    /// @notice See `ReceiptTree.verify`.
    function verify(
        bytes32 root,
        uint256 total,
        address sessionKey,
        uint64 bytesDelivered,
        uint16 quality,
        PathNode[] calldata path
    ) external pure returns (uint64 prefix) {
        return ReceiptTree.verify(root, total, sessionKey, bytesDelivered, quality, path);
    }
}
