// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IPaymentEscrow} from "./IPaymentEscrow.sol";
import {IServiceProofs} from "./IServiceProofs.sol";
import {ReceiptTree} from "./ReceiptTree.sol";
import {SeedLanes} from "./SeedLanes.sol";
import {ServiceHashes} from "./ServiceHashes.sol";
import {AccessGrant, Attestation, CompactSignature, Opening} from "./ServiceTypes.sol";

/// @title ServiceProofs
/// @notice See `IServiceProofs`. Holds no state and no rights; another one is another immutable of `ServiceAttestations`.
contract ServiceProofs is IServiceProofs {
    using ServiceHashes for AccessGrant;

    uint256 private constant MAX_QUALITY = 10_000;
    /// @dev Keeps the hash that picks points apart from the one that picks nodes.
    uint256 private constant SAMPLE_TAG = 1;
    /// @dev What follows the arguments of `check`.
    uint256 private constant CONTEXT_BYTES = 96;

    IPaymentEscrow private immutable ESCROW;
    /// @notice Leaves that a proof opens.
    uint256 public immutable SAMPLES;

    constructor(IPaymentEscrow escrow, uint256 samples) {
        if (samples < 4 || samples > 16) revert InvalidSamples(samples);
        ESCROW = escrow;
        SAMPLES = samples;
    }

    /// @inheritdoc IServiceProofs
    function check(Attestation calldata attestation, Opening[] calldata openings) external view {
        (bytes32 domain, bytes32 seed, uint256 epochStart) = abi.decode(
            msg.data[msg.data.length - CONTEXT_BYTES:],
            (bytes32, bytes32, uint256)
        );
        if (openings.length != SAMPLES) revert WrongSampleCount(openings.length, SAMPLES);
        for (uint256 sample = 0; sample < openings.length; ++sample) {
            _checkSignatures(domain, epochStart, attestation, openings[sample], sample);
            _checkLeaf(seed, attestation, openings[sample], sample);
        }
    }

    /// @inheritdoc IServiceProofs
    function samplePoints(
        bytes32 seed,
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) external view returns (uint256[] memory points) {
        points = new uint256[](SAMPLES);
        for (uint256 sample = 0; sample < SAMPLES; ++sample) {
            points[sample] = _samplePoint(seed, sample, nodeId, epoch, bytesDelivered);
        }
    }

    function _samplePoint(
        bytes32 seed,
        uint256 sample,
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) private pure returns (uint256) {
        uint256 lane = SeedLanes.lane(seed, sample % SeedLanes.LANES);
        return uint256(keccak256(abi.encode(lane, sample, nodeId, epoch, SAMPLE_TAG))) % bytesDelivered;
    }

    /// @dev The leaf stands in the tree and covers the sample point.
    function _checkLeaf(
        bytes32 seed,
        Attestation calldata attestation,
        Opening calldata opening,
        uint256 sample
    ) private pure {
        // The path's sums are 64 bits.
        if (opening.bytesDelivered > type(uint64).max)
            revert ReceiptTree.TotalMismatch(opening.bytesDelivered, type(uint64).max);
        uint64 prefix = ReceiptTree.verify(
            attestation.receiptRoot,
            attestation.bytesDelivered,
            opening.grant.sessionKey,
            uint64(opening.bytesDelivered),
            // At most 10,000, as was checked with the signatures.
            uint16(opening.quality),
            opening.path
        );
        uint256 point = _samplePoint(
            seed,
            sample,
            attestation.nodeId,
            attestation.epoch,
            attestation.bytesDelivered
        );
        if (point < prefix || point >= prefix + opening.bytesDelivered)
            revert SampleNotCovered(sample, point, prefix, prefix + opening.bytesDelivered);
    }

    /// @dev The participant signed the receipt, and one of the app's signers let the participant in.
    function _checkSignatures(
        bytes32 domain,
        uint256 epochStart,
        Attestation calldata attestation,
        Opening calldata opening,
        uint256 sample
    ) private view {
        AccessGrant calldata grant = opening.grant;
        uint256 epoch = attestation.epoch;
        if (opening.quality > MAX_QUALITY) revert InvalidQuality(sample, opening.quality);
        if (opening.bytesDelivered > grant.maxBytesPerEpoch)
            revert GrantLimitExceeded(sample, opening.bytesDelivered, grant.maxBytesPerEpoch);
        if (grant.expiresAt <= epochStart) revert GrantExpired(sample, grant.expiresAt);
        address receiptSigner = _recover(
            domain,
            ServiceHashes.hashReceipt(attestation.nodeId, epoch, opening.bytesDelivered, opening.quality),
            opening.receiptSignature
        );
        if (receiptSigner != grant.sessionKey)
            revert SessionKeyMismatch(sample, receiptSigner, grant.sessionKey);
        address grantSigner = _recover(domain, grant.hash(), opening.grantSignature);
        if (!ESCROW.isGrantSigner(grant.app, grantSigner, epoch))
            revert NotGrantSigner(sample, grant.app, grantSigner);
    }

    /// @dev Reverts for a signature that is malformed or malleable.
    function _recover(
        bytes32 domain,
        bytes32 structHash,
        CompactSignature calldata signature
    ) private pure returns (address) {
        return ECDSA.recover(MessageHashUtils.toTypedDataHash(domain, structHash), signature.r, signature.vs);
    }
}
