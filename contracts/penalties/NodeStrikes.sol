// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Managed} from "../base/Managed.sol";
import {IQualityAudits} from "../service/IQualityAudits.sol";
import {IServiceAttestations} from "../service/IServiceAttestations.sol";
import {INodeRegistry} from "../staking/INodeRegistry.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {INodeStrikes} from "./INodeStrikes.sol";
import {IPenaltyManager} from "./IPenaltyManager.sol";
import {StrikeMap} from "./StrikeMap.sol";

/// @title NodeStrikes
/// @notice Strikes and jail. See `INodeStrikes`.
contract NodeStrikes is INodeStrikes, EpochClock, Managed {
    using StrikeMap for uint64;

    /// @notice The contracts that this one works with.
    /// @param attestations The one contract that is both `IServiceAttestations` and `IQualityAudits`.
    struct Peers {
        INodeRegistry registry;
        INodeStaking staking;
        IServiceAttestations attestations;
        IPenaltyManager penalties;
    }

    /// @custom:storage-location erc7201:dtelecom.NodeStrikes
    struct StrikesStorage {
        mapping(uint256 nodeId => Record) records;
    }

    /// @notice Shortest stay in jail, in epochs. Longer than the two epochs that leaving and entering the ring take.
    uint256 public constant JAIL_EPOCHS = 4;
    /// @notice A jail costs a part of the bond if it is the third within this time, in seconds.
    uint256 public constant THIRD_JAIL_SECONDS = 90 days;
    uint256 private constant BPS = 10_000;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.NodeStrikes")) - 1)) & ~bytes32(uint256(0xff));

    INodeRegistry private immutable REGISTRY;
    INodeStaking private immutable STAKING;
    IServiceAttestations private immutable ATTESTATIONS;
    IPenaltyManager private immutable PENALTIES;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock
    ) Managed(authority_) EpochClock(clock) {
        if (
            address(peers.registry) == address(0) ||
            address(peers.staking) == address(0) ||
            address(peers.attestations) == address(0) ||
            address(peers.penalties) == address(0)
        ) revert ZeroAddress();
        REGISTRY = peers.registry;
        STAKING = peers.staking;
        ATTESTATIONS = peers.attestations;
        PENALTIES = peers.penalties;
    }

    // ----------------------------------------------------------------- posting

    /// @inheritdoc INodeStrikes
    function strikeTarget(uint256 nodeId, uint256 epoch) external {
        IPenaltyManager.Parameters memory parameters = PENALTIES.parameters();
        IQualityAudits.NodeAudit memory audit = _finalAudit(nodeId, epoch);
        uint256 revealedWeight = 0;
        uint256 lowWeight = 0;
        uint256 lowAuditors = 0;
        for (uint256 j = 0; j < audit.weights.length; ++j) {
            uint256 weight = audit.weights[j];
            revealedWeight += weight;
            if (weight == 0 || audit.scores[j] >= parameters.lowMark) continue;
            lowWeight += weight;
            ++lowAuditors;
        }
        // Of the weight, so that many small nodes cannot do it; and of the auditors, so that a few large ones that the seed
        // happens to send to a target cannot either.
        if (3 * lowWeight < 2 * revealedWeight || 3 * lowAuditors < 2 * audit.revealed)
            revert ScoresNotLow(nodeId, epoch, lowWeight, revealedWeight, lowAuditors, audit.revealed);
        _strike(parameters, nodeId, epoch, Reason.LowScores);
    }

    /// @inheritdoc INodeStrikes
    function strikeAuditor(uint256 auditorId, uint256 targetId, uint256 epoch) external {
        IPenaltyManager.Parameters memory parameters = PENALTIES.parameters();
        IQualityAudits.NodeAudit memory audit = _finalAudit(targetId, epoch);
        uint256 own = _indexOf(audit, auditorId, targetId, epoch);
        if (!_isOutlier(audit, own, parameters.outlierDistance))
            revert NotAnOutlier(auditorId, targetId, epoch);
        _strike(parameters, auditorId, epoch, Reason.OutlyingScore);
    }

    // -------------------------------------------------------------------- jail

    /// @inheritdoc INodeStrikes
    function release(uint256 nodeId) external {
        if (msg.sender != REGISTRY.ownerOf(nodeId) && msg.sender != ATTESTATIONS.operatorOf(nodeId))
            revert NotOwnerOrOperator(nodeId, msg.sender);
        Record storage record = _storage().records[nodeId];
        if (!record.jailed) revert NotInJail(nodeId);
        uint256 releasableAt = record.jailedAt + JAIL_EPOCHS * EPOCH_SECONDS;
        if (block.timestamp < releasableAt) revert JailNotOver(nodeId, releasableAt);
        uint256 countsFrom = currentEpoch() + 1;
        record.jailed = false;
        // What happened until now is paid for: it cannot be posted later to jail the node for the same thing again.
        record.countsFrom = SafeCast.toUint32(countsFrom);
        emit NodeReleased(nodeId, countsFrom);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc INodeStrikes
    function isJailed(uint256 nodeId) external view returns (bool) {
        return _storage().records[nodeId].jailed;
    }

    /// @inheritdoc INodeStrikes
    function recordOf(uint256 nodeId) external view returns (Record memory) {
        return _storage().records[nodeId];
    }

    // ---------------------------------------------------------------- internal

    /// @dev A node's audits of an epoch, once nobody can change them any more.
    function _finalAudit(
        uint256 nodeId,
        uint256 epoch
    ) private view returns (IQualityAudits.NodeAudit memory audit) {
        PENALTIES.checkReportable(epoch);
        (bool drawn, uint256 timestamp, uint256 blockNumber) = ATTESTATIONS.proofDeadline(epoch);
        if (!drawn || block.timestamp < timestamp || block.number < blockNumber) revert AuditsNotFinal(epoch);
        audit = _audits().auditOf(nodeId, epoch);
        if (!audit.audited || 2 * audit.revealed < audit.seats.length) revert NotAudited(nodeId, epoch);
    }

    /// @dev Which of a target's auditors a node is; it must have revealed.
    function _indexOf(
        IQualityAudits.NodeAudit memory audit,
        uint256 auditorId,
        uint256 targetId,
        uint256 epoch
    ) private view returns (uint256 index) {
        IQualityAudits.Seat memory seat = _audits().seatOf(auditorId, epoch);
        if (seat.seated) {
            for (; index < audit.seats.length; ++index) {
                if (audit.seats[index] == seat.seat && audit.weights[index] != 0) return index;
            }
        }
        revert NotItsAuditor(auditorId, targetId, epoch);
    }

    /// @dev One honest auditor among the others is enough to protect an honest one: all of them must contradict.
    function _isOutlier(
        IQualityAudits.NodeAudit memory audit,
        uint256 own,
        uint256 distance
    ) private pure returns (bool) {
        uint256 score = audit.scores[own];
        uint256 above;
        uint256 below;
        for (uint256 j = 0; j < audit.weights.length; ++j) {
            if (j == own || audit.weights[j] == 0) continue;
            if (audit.scores[j] > score + distance) ++above;
            else if (audit.scores[j] + distance < score) ++below;
        }
        uint256 others = audit.revealed - 1;
        return others >= 2 && (above == others || below == others);
    }

    function _strike(
        IPenaltyManager.Parameters memory parameters,
        uint256 nodeId,
        uint256 epoch,
        Reason reason
    ) private {
        Record memory record = _storage().records[nodeId];
        if (record.jailed) revert InJail(nodeId);
        if (epoch < record.countsFrom) revert StrikeSettled(nodeId, epoch, record.countsFrom);
        (uint64 strikes, uint256 newestEpoch) = record.strikes.add(record.newestEpoch, epoch);
        (record.strikes, record.newestEpoch) = (strikes, SafeCast.toUint32(newestEpoch));
        emit Struck(nodeId, epoch, reason, msg.sender);
        uint256 most = strikes.mostAround(newestEpoch, epoch, parameters.strikeWindowEpochs);
        if (most < parameters.strikesToJail) {
            _storage().records[nodeId] = record;
            return;
        }
        bool isThird =
            record.jailedBefore != 0 && block.timestamp <= record.jailedBefore + THIRD_JAIL_SECONDS;
        _jail(nodeId, record);
        if (isThird) _slash(parameters, nodeId, epoch, record.jails);
    }

    function _jail(uint256 nodeId, Record memory record) private {
        record.strikes = 0;
        record.newestEpoch = 0;
        record.jailedBefore = record.jailedAt;
        // Unix time in seconds fits 40 bits for 34,000 years.
        record.jailedAt = uint40(block.timestamp);
        record.jails += 1;
        record.jailed = true;
        _storage().records[nodeId] = record;
        emit NodeJailed(nodeId, record.jails, block.timestamp + JAIL_EPOCHS * EPOCH_SECONDS);
        REGISTRY.suspend(nodeId);
    }

    /// @dev Only the bond pays, and who posted the last strike is the reporter: somebody has to pay for the gas of posting.
    /// What there is to post depends on the auditors alone, so the bounty gives nobody a way to harass.
    function _slash(
        IPenaltyManager.Parameters memory parameters,
        uint256 nodeId,
        uint256 epoch,
        uint256 jails
    ) private {
        // In whole thousandths of a DTEL, so that its ten thousandth is whole gwei.
        uint256 amount = (STAKING.bondAt(nodeId, epoch) * parameters.thirdJailBps) / BPS;
        if (amount == 0) return;
        PENALTIES.openSlash(
            IPenaltyManager.SlashRequest({
                nodeId: nodeId,
                kind: IPenaltyManager.SlashKind.ThirdJail,
                referenceId: jails,
                reporter: msg.sender,
                faultAt: epochStart(epoch),
                amount: amount,
                poolLimitBps: 0
            })
        );
    }

    function _audits() private view returns (IQualityAudits) {
        return IQualityAudits(address(ATTESTATIONS));
    }

    function _storage() private pure returns (StrikesStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
