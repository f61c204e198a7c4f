// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Attestation} from "../service/ServiceTypes.sol";

/// @title IRewardDistributor
/// @notice Turns fees, attestations and stake of an epoch into income, in closed form, node by node.
/// @dev work(n, e) = κ · scored(n, e) · min(1, B_work(e) / (κ · burned(e)));
/// availability(n, e) = B_avail(e) · stake(n, e) / stake(e) · score(n, e) / 10,000.
interface IRewardDistributor {
    /// @notice How emission is divided.
    /// @param kappaBps κ, the share of burned fees that work earns back, in 1/10,000; 5,000 to 9,500.
    /// @param workShareBps Part of an epoch's emission for work, the rest for availability; 2,000 to 8,000.
    /// @param neutralScore Audit score where there is none, in 1/10,000; at most 9,000.
    struct RewardConfig {
        uint256 kappaBps;
        uint256 workShareBps;
        uint256 neutralScore;
    }

    /// @notice Reward parameters are out of bounds.
    error InvalidRewardConfig(uint256 kappaBps, uint256 workShareBps, uint256 neutralScore);
    /// @notice The epoch of this node was claimed already.
    error AlreadyClaimed(uint256 nodeId, uint256 epoch);
    /// @notice Rates changed by more than 500, or again within 256 epochs.
    error RatesChangeRefused(uint256 lastFromEpoch, uint256 kappaBps, uint256 workShareBps);
    /// @notice Nothing was credited since the last mint.
    error NothingToMint();

    /// @notice A node's epoch was credited to its stakers, in wei.
    /// @param work Reward for what apps paid and how they judged it.
    /// @param availability Reward for stake that was ready.
    /// @param fees The stakers' part of the fees.
    event Claimed(
        uint256 indexed nodeId,
        uint256 indexed epoch,
        uint256 work,
        uint256 availability,
        uint256 fees
    );
    /// @notice Emission is divided in another way from an epoch on.
    event RatesChanged(uint256 indexed fromEpoch, uint256 kappaBps, uint256 workShareBps);
    /// @notice Rewards credited since the last time were minted, in wei.
    event RewardsMinted(uint256 amount);

    /// @notice Credits one node's epoch to its stakers; anyone, after the epoch's proof deadline, once.
    /// @param attestation As it was attested; root and totals zero where it was not, for the fees alone.
    function claim(Attestation calldata attestation) external;

    /// @notice Credits several; anyone. One that is claimed already is passed over.
    function claimBatch(Attestation[] calldata attestations) external;

    /// @notice Mints what was credited since the last time to `NodeStaking`; anyone.
    function mintPending() external;

    /// @notice Divides emission in another way from the next epoch on; only the authority. By at most 500 each, and not
    /// again within 256 epochs, so that no epoch that can be claimed ever changes.
    function setRates(uint256 kappaBps, uint256 workShareBps) external;

    /// @notice The rates of an epoch, in 1/10,000.
    function ratesOf(uint256 epoch) external view returns (uint256 kappaBps, uint256 workShareBps);

    /// @notice What an epoch may pay, in wei.
    function budgetOf(uint256 epoch) external view returns (uint256 work, uint256 availability);

    /// @notice Credited and not minted yet, in wei.
    function pendingMint() external view returns (uint256);

    /// @notice Credited in all, in wei.
    function totalCredited() external view returns (uint256);
}
