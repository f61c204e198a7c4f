// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessGrant, Attestation, Voucher} from "./ServiceTypes.sol";

/// @title ServiceHashes
/// @notice EIP-712 struct hashes of everything that is signed in the protocol.
library ServiceHashes {
    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(uint256 nodeId,uint256 epoch,bytes32 receiptRoot,uint256 bytesDelivered,uint256 sessions,bytes32 auditCommitment)"
    );
    bytes32 private constant RECEIPT_TYPE = keccak256(
        "SessionReceipt(uint256 nodeId,uint256 epoch,uint256 bytesDelivered,uint256 quality)"
    );
    bytes32 private constant GRANT_TYPE = keccak256(
        "AccessGrant(address app,address sessionKey,bytes32 room,uint256 maxBytesPerEpoch,uint256 expiresAt,bytes32 detailsHash)"
    );
    bytes32 private constant VOUCHER_TYPE = keccak256(
        "Voucher(address app,uint256 nodeId,uint256 cumulativeAmount,uint256 cumulativeScore)"
    );

    /// @notice Struct hash of an attestation.
    function hash(Attestation calldata attestation) internal pure returns (bytes32) {
        return keccak256(abi.encode(ATTESTATION_TYPE, attestation));
    }

    /// @notice Struct hash of a session receipt.
    function hashReceipt(
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered,
        uint256 quality
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPE, nodeId, epoch, bytesDelivered, quality));
    }

    /// @notice Struct hash of an access grant.
    function hash(AccessGrant calldata grant) internal pure returns (bytes32) {
        return keccak256(abi.encode(GRANT_TYPE, grant));
    }

    /// @notice Struct hash of a voucher.
    function hash(Voucher calldata voucher) internal pure returns (bytes32) {
        return keccak256(abi.encode(VOUCHER_TYPE, voucher));
    }
}
