// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice An ECDSA signature in the compact form of ERC-2098.
/// @param r The signature's r.
/// @param vs The signature's s with the parity of v in the highest bit.
struct CompactSignature {
    bytes32 r;
    bytes32 vs;
}

/// @notice What a node states about one epoch.
/// @param nodeId The node.
/// @param epoch The epoch that the service happened in.
/// @param receiptRoot Root of the receipt tree; zero where there is no session.
/// @param bytesDelivered Bytes delivered to participants: the tree's sum.
/// @param sessions Leaves of the tree.
/// @param auditCommitment Hash of the node's audit scores of the epoch; zero while there are no audits.
struct Attestation {
    uint256 nodeId;
    uint256 epoch;
    bytes32 receiptRoot;
    uint256 bytesDelivered;
    uint256 sessions;
    bytes32 auditCommitment;
}

/// @notice An attestation with the operator key's signature, for whoever sends it.
struct SignedAttestation {
    Attestation attestation;
    CompactSignature signature;
}

/// @notice An app lets a session key into a room.
/// @param app The account that pays.
/// @param sessionKey The participant's ephemeral key.
/// @param room Hash of the room's name.
/// @param maxBytesPerEpoch Most bytes the app pays for this session in one epoch.
/// @param expiresAt Unix time in seconds; the grant is valid in an epoch that began before it.
/// @param detailsHash Hash of the claims kept off chain: identity, name, permissions, metadata.
struct AccessGrant {
    address app;
    address sessionKey;
    bytes32 room;
    uint256 maxBytesPerEpoch;
    uint256 expiresAt;
    bytes32 detailsHash;
}

/// @notice One step from a leaf towards the root of a receipt tree.
/// @param siblingHash Hash of the other child.
/// @param step siblingIsLeft 1 bit (the highest) | unused 31 | separator 160 | siblingBytes 64. All session keys left of
/// the parent's middle are below the separator, none on the right.
struct PathNode {
    bytes32 siblingHash;
    uint256 step;
}

/// @notice One session's leaf opened: its receipt, its grant and its path to the root.
/// @param bytesDelivered Of the receipt.
/// @param quality Of the receipt, 0 to 10,000.
/// @param receiptSignature The session key's.
/// @param grant What let the session in.
/// @param grantSignature One of the app's signers'.
/// @param path From the leaf's parent up to the root.
struct Opening {
    uint256 bytesDelivered;
    uint256 quality;
    CompactSignature receiptSignature;
    AccessGrant grant;
    CompactSignature grantSignature;
    PathNode[] path;
}

/// @notice An app promises a node a sum for all service so far.
/// @param app The account that pays.
/// @param nodeId The node that is paid.
/// @param cumulativeAmount In wei, whole gwei; grows with each voucher.
/// @param cumulativeScore Σ amount × quality / 10,000, in wei, whole gwei; at most the amount.
struct Voucher {
    address app;
    uint256 nodeId;
    uint256 cumulativeAmount;
    uint256 cumulativeScore;
}

/// @notice A voucher with the signature of one of the app's signers.
struct SignedVoucher {
    Voucher voucher;
    CompactSignature signature;
}
