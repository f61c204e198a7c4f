// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Attestation, Opening} from "./ServiceTypes.sol";

/// @title IServiceProofs
/// @notice Checks opened samples. Apart from `ServiceAttestations`, so that attesting does not touch this code.
interface IServiceProofs {
    /// @notice The number of samples is out of bounds.
    error InvalidSamples(uint256 samples);
    /// @notice A proof opens exactly as many leaves as there are samples.
    error WrongSampleCount(uint256 opened, uint256 samples);
    /// @notice The opened leaf does not cover the sample point.
    error SampleNotCovered(uint256 sample, uint256 point, uint256 from, uint256 to);
    /// @notice The receipt was signed by another key than the grant names.
    error SessionKeyMismatch(uint256 sample, address receiptSigner, address grantSessionKey);
    /// @notice The grant was not signed by one of the app's signers of that epoch.
    error NotGrantSigner(uint256 sample, address app, address signer);
    /// @notice The grant had expired as the epoch began.
    error GrantExpired(uint256 sample, uint256 expiresAt);
    /// @notice The receipt counts more bytes than the grant allows in an epoch.
    error GrantLimitExceeded(uint256 sample, uint256 bytesDelivered, uint256 maxBytesPerEpoch);
    /// @notice A quality is above 10,000.
    error InvalidQuality(uint256 sample, uint256 quality);

    /// @notice Reverts unless the openings cover all sample points of an attestation and everything in them holds.
    /// @dev Three words follow the arguments: the EIP-712 domain separator that receipts and grants were signed for, the
    /// seed of the attestation's epoch, and the Unix time at which that epoch began, in seconds. So the caller hands its
    /// own arguments on as they came.
    /// @param attestation On record for its node and epoch.
    /// @param openings One per sample, in order.
    function check(Attestation calldata attestation, Opening[] calldata openings) external view;

    /// @notice The points in `[0, bytesDelivered)` whose leaves a proof must open.
    /// @param bytesDelivered More than zero.
    function samplePoints(
        bytes32 seed,
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) external view returns (uint256[] memory points);
}
