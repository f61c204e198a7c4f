// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {IPaymentEscrow} from "../service/IPaymentEscrow.sol";
import {IServiceAttestations} from "../service/IServiceAttestations.sol";
import {Attestation} from "../service/ServiceTypes.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {EmissionSchedule} from "../token/EmissionSchedule.sol";
import {IDTelToken} from "../token/IDTelToken.sol";
import {IRewardDistributor} from "./IRewardDistributor.sol";

/// @title RewardDistributor
/// @notice Budgets and claims. See `IRewardDistributor`.
/// @dev Every figure of a claim is final when the claim opens, so claims of an epoch do not depend on their order,
/// and none can take from another: scored ≤ burned, and stakes add up to the total they are divided by.
contract RewardDistributor is IRewardDistributor, EpochClock, Managed {
    /// @notice The contracts that this one works with.
    struct Peers {
        IDTelToken token;
        IServiceAttestations attestations;
        IPaymentEscrow escrow;
        INodeStaking staking;
    }

    /// @dev What an epoch may pay, in wei.
    struct Budget {
        uint256 work;
        uint256 availability;
    }

    /// @dev One slot, in wei: 128 bits hold 3e20 DTEL.
    /// @custom:storage-location erc7201:dtelecom.RewardDistributor
    struct DistributorStorage {
        uint128 pendingMint;
        uint128 totalCredited;
    }

    uint256 private constant BPS = 10_000;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.RewardDistributor")) - 1)) & ~bytes32(uint256(0xff));

    IDTelToken private immutable TOKEN;
    IServiceAttestations private immutable ATTESTATIONS;
    IPaymentEscrow private immutable ESCROW;
    INodeStaking private immutable STAKING;
    /// @notice κ, the share of burned fees that work earns back, in 1/10,000.
    uint256 public immutable KAPPA_BPS;
    /// @notice Part of an epoch's emission for work, in 1/10,000.
    uint256 public immutable WORK_SHARE_BPS;
    /// @notice Audit score of an epoch without one, in 1/10,000.
    uint256 public immutable NEUTRAL_SCORE;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        RewardConfig memory config
    ) Managed(authority_) EpochClock(clock) {
        if (
            address(peers.token) == address(0) ||
            address(peers.attestations) == address(0) ||
            address(peers.escrow) == address(0) ||
            address(peers.staking) == address(0)
        ) revert ZeroAddress();
        if (
            config.kappaBps < 5_000 ||
            config.kappaBps > 9_500 ||
            config.workShareBps < 2_000 ||
            config.workShareBps > 8_000 ||
            config.neutralScore > 9_000
        ) revert InvalidRewardConfig(config.kappaBps, config.workShareBps, config.neutralScore);
        TOKEN = peers.token;
        ATTESTATIONS = peers.attestations;
        ESCROW = peers.escrow;
        STAKING = peers.staking;
        KAPPA_BPS = config.kappaBps;
        WORK_SHARE_BPS = config.workShareBps;
        NEUTRAL_SCORE = config.neutralScore;
    }

    // ------------------------------------------------------------------ claims

    /// @inheritdoc IRewardDistributor
    function claim(Attestation calldata attestation) external {
        (bool isNew, uint256 credited) = _claim(attestation, _budgetOf(attestation.epoch));
        if (!isNew) revert AlreadyClaimed(attestation.nodeId, attestation.epoch);
        _addCredited(credited);
    }

    /// @inheritdoc IRewardDistributor
    function claimBatch(Attestation[] calldata attestations) external {
        uint256 credited = 0;
        Budget memory budget;
        for (uint256 i = 0; i < attestations.length; ++i) {
            uint256 epoch = attestations[i].epoch;
            // Usually all are of one epoch.
            if (i == 0 || epoch != attestations[i - 1].epoch) budget = _budgetOf(epoch);
            (, uint256 amount) = _claim(attestations[i], budget);
            credited += amount;
        }
        _addCredited(credited);
    }

    /// @inheritdoc IRewardDistributor
    function mintPending() external {
        DistributorStorage storage $ = _storage();
        uint256 amount = $.pendingMint;
        if (amount == 0) revert NothingToMint();
        $.pendingMint = 0;
        emit RewardsMinted(amount);
        TOKEN.mint(address(STAKING), amount);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function budgetOf(uint256 epoch) external view returns (uint256 work, uint256 availability) {
        Budget memory budget = _budgetOf(epoch);
        return (budget.work, budget.availability);
    }

    /// @inheritdoc IRewardDistributor
    function pendingMint() external view returns (uint256) {
        return _storage().pendingMint;
    }

    /// @inheritdoc IRewardDistributor
    function totalCredited() external view returns (uint256) {
        return _storage().totalCredited;
    }

    // ---------------------------------------------------------------- internal

    function _budgetOf(uint256 epoch) private view returns (Budget memory budget) {
        uint256 emission =
            EmissionSchedule.emittedAfter((epoch + 1) * EPOCH_SECONDS) -
                EmissionSchedule.emittedAfter(epoch * EPOCH_SECONDS);
        budget.work = (emission * WORK_SHARE_BPS) / BPS;
        budget.availability = emission - budget.work;
    }

    function _claim(
        Attestation calldata attestation,
        Budget memory budget
    ) private returns (bool isNew, uint256 credited) {
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        (uint256 burned, uint256 scored, uint256 fees) = ESCROW.nodeRevenueOf(nodeId, epoch);
        IServiceAttestations.Settlement memory settlement = ATTESTATIONS.settle(attestation, burned);
        if (settlement.alreadyClaimed) return (false, 0);
        uint256 work = 0;
        uint256 availability = 0;
        if (settlement.attested) {
            uint256 stake = STAKING.stakeAt(nodeId, epoch);
            // A node without active stake has nothing to lose: it earns what apps pay, and no emission.
            if (stake != 0) {
                availability = _availability(stake, settlement.activeStakeWei, budget.availability);
                if (settlement.workEarned) work = _work(scored, settlement.burnedWei, budget.work);
            }
        }
        isNew = true;
        credited = work + availability;
        emit Claimed(nodeId, epoch, work, availability, fees);
        if (credited + fees != 0) STAKING.creditIncome(nodeId, epoch, credited + fees);
    }

    /// @dev κ · scored, scaled down if κ times all that was burned exceeds the budget; whole gwei.
    function _work(uint256 scored, uint256 burnedByAll, uint256 budget) private view returns (uint256) {
        uint256 work = (scored * KAPPA_BPS) / BPS;
        if ((burnedByAll * KAPPA_BPS) / BPS > budget) work = (scored * budget) / burnedByAll;
        return work - (work % Gwei.WEI);
    }

    /// @dev The stake's part of the budget, times the audit score; whole gwei.
    function _availability(uint256 stake, uint256 totalStake, uint256 budget) private view returns (uint256) {
        uint256 availability = (((budget * stake) / totalStake) * NEUTRAL_SCORE) / BPS;
        return availability - (availability % Gwei.WEI);
    }

    function _addCredited(uint256 amount) private {
        if (amount == 0) return;
        DistributorStorage storage $ = _storage();
        // Bounded by the emission schedule, far below 128 bits.
        $.pendingMint += uint128(amount);
        $.totalCredited += uint128(amount);
    }

    function _storage() private pure returns (DistributorStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
