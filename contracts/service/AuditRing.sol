// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Managed} from "../base/Managed.sol";
import {INodeStrikes} from "../penalties/INodeStrikes.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {IAuditRing} from "./IAuditRing.sol";
import {IQualityAudits} from "./IQualityAudits.sol";

/// @title AuditRing
/// @notice Gives and takes seats. See `IAuditRing`.
/// @dev Apart from `ServiceAttestations`, which keeps the seats by epoch and reads them on its hot paths: this code runs
/// when nodes come and go.
contract AuditRing is IAuditRing, EpochClock, Managed {
    /// @notice The contracts that this one works with.
    struct Peers {
        address registry;
        INodeStaking staking;
        IQualityAudits audits;
        INodeStrikes strikes;
    }

    /// @custom:storage-location erc7201:dtelecom.AuditRing
    struct RingStorage {
        mapping(uint256 seat => uint256 nodeId) occupants;
    }

    /// @dev A change counts from this many epochs on: the seed that says who audits whom is then not drawn yet.
    uint256 private constant NOTICE_EPOCHS = 2;
    /// @dev The minimum bond weighs a thousand, ten of them the most.
    uint256 private constant MIN_BOND_WEIGHT = 1_000;
    uint256 private constant MAX_WEIGHT = 10_000;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.AuditRing")) - 1)) & ~bytes32(uint256(0xff));

    address private immutable REGISTRY;
    INodeStaking private immutable STAKING;
    IQualityAudits private immutable AUDITS;
    INodeStrikes private immutable STRIKES;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock
    ) Managed(authority_) EpochClock(clock) {
        if (
            peers.registry == address(0) ||
            address(peers.staking) == address(0) ||
            address(peers.audits) == address(0) ||
            address(peers.strikes) == address(0)
        ) revert ZeroAddress();
        REGISTRY = peers.registry;
        STAKING = peers.staking;
        AUDITS = peers.audits;
        STRIKES = peers.strikes;
    }

    /// @inheritdoc IAuditRing
    function enter(uint256 nodeId) external returns (uint256 fromEpoch) {
        _onlyPeer(REGISTRY);
        if (AUDITS.latestSeatOf(nodeId).seated) revert AlreadySeated(nodeId);
        if (STRIKES.isJailed(nodeId)) revert NodeJailed(nodeId);
        (uint256 bondWei, uint256 requiredWei) = _bondOf(nodeId);
        if (bondWei < requiredWei) revert BondTooLow(nodeId, bondWei, requiredWei);
        uint256 seat = AUDITS.latestRingSize();
        fromEpoch = _effectiveEpoch();
        _storage().occupants[seat] = nodeId;
        AUDITS.setSeat(nodeId, fromEpoch, seat, _weight(bondWei, requiredWei));
        AUDITS.setRingSize(fromEpoch, seat + 1);
    }

    /// @inheritdoc IAuditRing
    function leave(uint256 nodeId) external returns (uint256 fromEpoch) {
        _onlyPeer(REGISTRY);
        fromEpoch = _effectiveEpoch();
        IQualityAudits.Seat memory seat = AUDITS.latestSeatOf(nodeId);
        if (seat.seated) _leave(nodeId, seat.seat, fromEpoch);
    }

    /// @inheritdoc IAuditRing
    function evict(uint256 nodeId) external {
        IQualityAudits.Seat memory seat = _seated(nodeId);
        (uint256 bondWei, uint256 requiredWei) = _bondOf(nodeId);
        if (bondWei >= requiredWei) revert StillEligible(nodeId, bondWei, requiredWei);
        _leave(nodeId, seat.seat, _effectiveEpoch());
    }

    /// @inheritdoc IAuditRing
    function refresh(uint256 nodeId) external {
        IQualityAudits.Seat memory seat = _seated(nodeId);
        (uint256 bondWei, uint256 requiredWei) = _bondOf(nodeId);
        if (bondWei < requiredWei) revert BondTooLow(nodeId, bondWei, requiredWei);
        uint256 weight = _weight(bondWei, requiredWei);
        if (weight == seat.weight) revert WeightUnchanged(nodeId, weight);
        AUDITS.setSeat(nodeId, _effectiveEpoch(), seat.seat, weight);
    }

    /// @inheritdoc IAuditRing
    function occupantOf(uint256 seat) external view returns (uint256 nodeId) {
        return _storage().occupants[seat];
    }

    /// @inheritdoc IAuditRing
    function weightOf(uint256 nodeId) external view returns (uint256) {
        (uint256 bondWei, uint256 requiredWei) = _bondOf(nodeId);
        return bondWei < requiredWei ? 0 : _weight(bondWei, requiredWei);
    }

    /// @dev The node in the last seat takes the one that became free, so that there is never a gap.
    function _leave(uint256 nodeId, uint256 seat, uint256 fromEpoch) private {
        RingStorage storage $ = _storage();
        uint256 last = AUDITS.latestRingSize() - 1;
        AUDITS.setSeat(nodeId, fromEpoch, seat, 0);
        if (seat != last) {
            uint256 moved = $.occupants[last];
            $.occupants[seat] = moved;
            AUDITS.setSeat(moved, fromEpoch, seat, AUDITS.latestSeatOf(moved).weight);
        }
        delete $.occupants[last];
        AUDITS.setRingSize(fromEpoch, last);
    }

    function _seated(uint256 nodeId) private view returns (IQualityAudits.Seat memory seat) {
        seat = AUDITS.latestSeatOf(nodeId);
        if (!seat.seated) revert NotSeated(nodeId);
    }

    function _bondOf(uint256 nodeId) private view returns (uint256 bondWei, uint256 requiredWei) {
        return (STAKING.bondOf(nodeId), STAKING.minBond());
    }

    function _weight(uint256 bondWei, uint256 requiredWei) private pure returns (uint256) {
        uint256 weight = (bondWei * MIN_BOND_WEIGHT) / requiredWei;
        return weight > MAX_WEIGHT ? MAX_WEIGHT : weight;
    }

    function _effectiveEpoch() private view returns (uint256) {
        return currentEpoch() + NOTICE_EPOCHS;
    }

    function _storage() private pure returns (RingStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
