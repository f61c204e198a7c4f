// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Managed} from "../base/Managed.sol";
import {IGovernanceCycle} from "../governance/IGovernanceCycle.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {IPenaltyManager} from "./IPenaltyManager.sol";

/// @title PenaltyParameters
/// @notice The parameters of all penalties: within their bounds, and in harmony with unbonding and governance.
abstract contract PenaltyParameters is IPenaltyManager, EpochClock, Managed {
    /// @notice What is built in.
    /// @param missingProofSlashWei What a missing proof costs, whole gwei; at most a quarter of the minimum bond, so that
    /// it always fits. The sampling of `ServiceAttestations` is computed from it.
    /// @param periodUnitSeconds Unit of the bounds of times: a day, or less on a network for development.
    struct PenaltyConfig {
        uint256 missingProofSlashWei;
        uint256 periodUnitSeconds;
    }

    /// @custom:storage-location erc7201:dtelecom.PenaltyParameters
    struct ParametersStorage {
        Parameters parameters;
    }

    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.PenaltyParameters")) - 1)) & ~bytes32(uint256(0xff));

    INodeStaking internal immutable STAKING;
    IGovernanceCycle private immutable GOVERNOR;
    uint256 internal immutable MISSING_PROOF_SLASH_WEI;
    /// @notice Unit of the bounds of times, in seconds.
    uint256 public immutable PERIOD_UNIT_SECONDS;

    constructor(INodeStaking staking, IGovernanceCycle governor, PenaltyConfig memory config) {
        if (address(staking) == address(0) || address(governor) == address(0)) revert ZeroAddress();
        if (config.periodUnitSeconds < 1 minutes || config.periodUnitSeconds > 1 days)
            revert InvalidPeriodUnit(config.periodUnitSeconds);
        STAKING = staking;
        GOVERNOR = governor;
        MISSING_PROOF_SLASH_WEI = config.missingProofSlashWei;
        PERIOD_UNIT_SECONDS = config.periodUnitSeconds;
    }

    /// @inheritdoc IPenaltyManager
    function setParameters(Parameters calldata parameters_) external onlyAuthority {
        _checkBounds(parameters_);
        _checkHarmony(parameters_);
        _parametersStorage().parameters = parameters_;
        emit ParametersChanged(parameters_);
    }

    /// @inheritdoc IPenaltyManager
    function parameters() external view returns (Parameters memory) {
        return _parameters();
    }

    /// @notice Time between a slash and the moment from which it can be burned, in seconds; 0 before it was set.
    function appealSeconds() external view returns (uint256) {
        return _parametersStorage().parameters.appealSeconds;
    }

    /// @inheritdoc IPenaltyManager
    function missingProofSlashWei() external view returns (uint256) {
        return MISSING_PROOF_SLASH_WEI;
    }

    /// @inheritdoc IPenaltyManager
    function checkReportable(uint256 epoch) external view {
        _checkReportable(_parameters(), epoch);
    }

    /// @dev The window is counted from the epoch's own start, as liability is: see `_checkHarmony`.
    function _checkReportable(Parameters memory current, uint256 epoch) internal view {
        uint256 closedAt = epochStart(epoch + current.reportWindowEpochs);
        if (block.timestamp >= closedAt) revert ReportWindowClosed(epoch, closedAt);
    }

    function _parameters() internal view returns (Parameters memory current) {
        current = _parametersStorage().parameters;
        if (current.appealSeconds == 0) revert NotConfigured();
    }

    /// @dev Bounds of each parameter on its own.
    function _checkBounds(Parameters calldata next) private view {
        uint256 unit = PERIOD_UNIT_SECONDS;
        // The rings of attestations, revenue and reveals remember 256 epochs, `StrikeMap` 64: both longer than this.
        _check("reportWindowEpochs", next.reportWindowEpochs, 4, 56);
        _check("answerSeconds", next.answerSeconds, unit, 7 * unit);
        _check("rulingSeconds", next.rulingSeconds, unit, 7 * unit);
        _check("appealSeconds", next.appealSeconds, 1, 60 * unit);
        _check("bountyBps", next.bountyBps, 0, 2_000);
        _check("poolLimitBps", next.poolLimitBps, 0, 500);
        _check("lowMark", next.lowMark, 0, 7_000);
        _check("outlierDistance", next.outlierDistance, 2_000, 10_000);
        _check("strikeWindowEpochs", next.strikeWindowEpochs, 3, 64);
        _check("strikesToJail", next.strikesToJail, 3, next.strikeWindowEpochs);
        _check("thirdJailBps", next.thirdJailBps, 0, 500);
        _check("rulingSlashBps", next.rulingSlashBps, 0, 5_000);
        _check("challengeDeposit", next.challengeDeposit, 1, 1_000_000);
    }

    /// @dev What stakers ask to take out in the period of a fault is paid an unbonding period after that period's end, at
    /// the earliest. A fault is reported, or brought before the arbiters, before its report window closes, counted from
    /// no later than the fault. So stake that was liable for it is still here when it is slashed.
    function _checkHarmony(Parameters calldata next) private view {
        uint256 longest = next.reportWindowEpochs * EPOCH_SECONDS + next.answerSeconds + next.rulingSeconds;
        uint256 unbonding = STAKING.unbondingSeconds();
        if (unbonding <= longest) revert UnbondingTooShort(unbonding, longest);
        uint256 cycle = GOVERNOR.governanceCycleSeconds();
        if (next.appealSeconds <= cycle) revert AppealTooShort(next.appealSeconds, cycle);
        uint256 minBond = STAKING.minBond();
        if (MISSING_PROOF_SLASH_WEI == 0 || MISSING_PROOF_SLASH_WEI > minBond / 4)
            revert MissingProofSlashTooHigh(MISSING_PROOF_SLASH_WEI, minBond);
    }

    function _check(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert ParameterOutOfBounds(name, value, min, max);
    }

    function _parametersStorage() private pure returns (ParametersStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
