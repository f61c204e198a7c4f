// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {TimedPause} from "../base/TimedPause.sol";
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
contract RewardDistributor is IRewardDistributor, EpochClock, TimedPause {
    /// @notice The contracts that this one works with.
    struct Peers {
        IDTelToken token;
        IServiceAttestations attestations;
        IPaymentEscrow escrow;
        INodeStaking staking;
    }

    /// @dev What an epoch may pay, in wei, and κ in 1/10,000.
    struct Budget {
        uint256 work;
        uint256 availability;
        uint256 kappaBps;
    }

    /// @dev One slot. Rates are zero until governance sets them.
    /// @custom:storage-location erc7201:dtelecom.RewardDistributor
    struct DistributorStorage {
        uint64 pendingGwei;
        uint64 creditedGwei;
        uint24 ratesFrom;
        uint16 kappaBps;
        uint16 workShareBps;
        uint16 kappaBeforeBps;
        uint16 workShareBeforeBps;
    }

    uint256 private constant BPS = 10_000;
    /// @dev Largest change of a rate at once.
    uint256 private constant MAX_STEP_BPS = 500;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.RewardDistributor")) - 1)) & ~bytes32(uint256(0xff));

    IDTelToken private immutable TOKEN;
    IServiceAttestations private immutable ATTESTATIONS;
    IPaymentEscrow private immutable ESCROW;
    INodeStaking private immutable STAKING;
    /// @dev Rates that hold until governance sets others, in 1/10,000.
    uint256 private immutable INITIAL_KAPPA_BPS;
    uint256 private immutable INITIAL_WORK_SHARE_BPS;
    /// @notice Audit score of an epoch without one, in 1/10,000.
    uint256 public immutable NEUTRAL_SCORE;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        RewardConfig memory config,
        PauseConfig memory pauseConfig
    ) Managed(authority_) EpochClock(clock) TimedPause(pauseConfig) {
        if (
            address(peers.token) == address(0) ||
            address(peers.attestations) == address(0) ||
            address(peers.escrow) == address(0) ||
            address(peers.staking) == address(0)
        ) revert ZeroAddress();
        if (!_areRatesValid(config.kappaBps, config.workShareBps) || config.neutralScore > 9_000)
            revert InvalidRewardConfig(config.kappaBps, config.workShareBps, config.neutralScore);
        TOKEN = peers.token;
        ATTESTATIONS = peers.attestations;
        ESCROW = peers.escrow;
        STAKING = peers.staking;
        INITIAL_KAPPA_BPS = config.kappaBps;
        INITIAL_WORK_SHARE_BPS = config.workShareBps;
        NEUTRAL_SCORE = config.neutralScore;
    }

    // -------------------------------------------------------------- governance

    /// @inheritdoc IRewardDistributor
    function setRates(uint256 kappaBps, uint256 workShareBps) external onlyAuthority {
        if (!_areRatesValid(kappaBps, workShareBps))
            revert InvalidRewardConfig(kappaBps, workShareBps, NEUTRAL_SCORE);
        DistributorStorage storage $ = _storage();
        uint256 fromEpoch = currentEpoch() + 1;
        (uint256 kappaNow, uint256 shareNow) = ratesOf(currentEpoch());
        if (
            ($.ratesFrom != 0 && fromEpoch < $.ratesFrom + RING_EPOCHS) ||
            _distance(kappaBps, kappaNow) > MAX_STEP_BPS ||
            _distance(workShareBps, shareNow) > MAX_STEP_BPS
        ) revert RatesChangeRefused($.ratesFrom, kappaBps, workShareBps);
        // Rates are below 10,000, and 24 bits of epochs are checked by `_lap` wherever an epoch is used.
        $.kappaBeforeBps = uint16(kappaNow);
        $.workShareBeforeBps = uint16(shareNow);
        $.kappaBps = uint16(kappaBps);
        $.workShareBps = uint16(workShareBps);
        $.ratesFrom = SafeCast.toUint24(fromEpoch);
        emit RatesChanged(fromEpoch, kappaBps, workShareBps);
    }

    // ------------------------------------------------------------------ claims

    /// @inheritdoc IRewardDistributor
    function claim(Attestation calldata attestation) external whenNotPaused {
        (bool isNew, uint256 credited) = _claim(attestation, _budgetOf(attestation.epoch));
        if (!isNew) revert AlreadyClaimed(attestation.nodeId, attestation.epoch);
        _addCredited(credited);
    }

    /// @inheritdoc IRewardDistributor
    function claimBatch(Attestation[] calldata attestations) external whenNotPaused {
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
        uint256 amount = $.pendingGwei * Gwei.WEI;
        if (amount == 0) revert NothingToMint();
        $.pendingGwei = 0;
        emit RewardsMinted(amount);
        TOKEN.mint(address(STAKING), amount);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function ratesOf(uint256 epoch) public view returns (uint256 kappaBps, uint256 workShareBps) {
        DistributorStorage storage $ = _storage();
        if ($.ratesFrom == 0) return (INITIAL_KAPPA_BPS, INITIAL_WORK_SHARE_BPS);
        if (epoch >= $.ratesFrom) return ($.kappaBps, $.workShareBps);
        return ($.kappaBeforeBps, $.workShareBeforeBps);
    }

    /// @inheritdoc IRewardDistributor
    function budgetOf(uint256 epoch) external view returns (uint256 work, uint256 availability) {
        Budget memory budget = _budgetOf(epoch);
        return (budget.work, budget.availability);
    }

    /// @inheritdoc IRewardDistributor
    function pendingMint() external view returns (uint256) {
        return _storage().pendingGwei * Gwei.WEI;
    }

    /// @inheritdoc IRewardDistributor
    function totalCredited() external view returns (uint256) {
        return _storage().creditedGwei * Gwei.WEI;
    }

    // ---------------------------------------------------------------- internal

    function _budgetOf(uint256 epoch) private view returns (Budget memory budget) {
        uint256 workShareBps;
        (budget.kappaBps, workShareBps) = ratesOf(epoch);
        uint256 emission =
            EmissionSchedule.emittedAfter((epoch + 1) * EPOCH_SECONDS) -
                EmissionSchedule.emittedAfter(epoch * EPOCH_SECONDS);
        budget.work = (emission * workShareBps) / BPS;
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
        INodeStaking.EpochIncome memory income;
        income.fees = fees;
        income.totalStake = settlement.activeStakeWei;
        if (settlement.workEarned) income.work = _work(scored, settlement.burnedWei, budget);
        if (settlement.available) {
            uint256 score = settlement.scored ? settlement.auditScore : NEUTRAL_SCORE;
            income.availability = (budget.availability * score) / BPS;
        }
        uint256 work = 0;
        uint256 availability = 0;
        if (fees + income.work + income.availability != 0)
            (work, availability) = STAKING.creditIncome(nodeId, epoch, income);
        emit Claimed(nodeId, epoch, work, availability, fees);
        return (true, work + availability);
    }

    /// @dev κ · scored, scaled down if κ times all that was burned exceeds the budget; whole gwei.
    function _work(uint256 scored, uint256 burnedByAll, Budget memory budget) private pure returns (uint256) {
        uint256 work = (scored * budget.kappaBps) / BPS;
        if ((burnedByAll * budget.kappaBps) / BPS > budget.work) work = (scored * budget.work) / burnedByAll;
        return work - (work % Gwei.WEI);
    }

    function _addCredited(uint256 amount) private {
        if (amount == 0) return;
        DistributorStorage storage $ = _storage();
        // Whole gwei, bounded by the emission schedule: 4e17 in all.
        uint64 amountGwei = uint64(amount / Gwei.WEI);
        $.pendingGwei += amountGwei;
        $.creditedGwei += amountGwei;
    }

    function _areRatesValid(uint256 kappaBps, uint256 workShareBps) private pure returns (bool) {
        return kappaBps >= 5_000 && kappaBps <= 9_500 && workShareBps >= 2_000 && workShareBps <= 8_000;
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    function _storage() private pure returns (DistributorStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
