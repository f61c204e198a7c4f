// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {StakeRecords} from "./StakeRecords.sol";

/// @title Commissions
/// @notice What owners take of their delegators' income. A part of `StakingExtension`.
/// @dev A fall counts at once, for what is not claimed yet too. A rise counts from an epoch after a notice, and what was
/// earned before it never pays it, however late it is claimed: so the next one waits until nothing from before the last
/// can be claimed any more.
abstract contract Commissions is StakeRecords {
    uint256 private constant MAX_STEP_BPS = 500;

    /// @notice Sets the commission at once; only the owner. See `INodeStaking`.
    function setCommission(uint256 nodeId, uint256 commissionBps) external {
        _checkOwner(nodeId);
        Pool storage pool = _storage().pools[nodeId];
        // Before the first bond there can be no delegation, pending or made, that a rise would surprise.
        uint256 limit = pool.bondFrom == 0 ? MAX_COMMISSION_BPS : _commissionAt(nodeId, currentEpoch(), pool);
        if (commissionBps > limit) revert CommissionTooHigh(commissionBps, limit);
        // The bound was checked in the line above.
        uint16 newBps = uint16(commissionBps);
        if (pool.bondFrom == 0 || newBps < pool.commissionBps) pool.commissionBps = newBps;
        if (pool.hasRise) {
            CommissionRise storage rise = _storage().rises[nodeId];
            if (newBps < rise.commissionBps) rise.commissionBps = newBps;
        }
        emit CommissionChanged(nodeId, commissionBps);
    }

    /// @notice Announces a higher commission; only the owner. See `INodeStaking`.
    function announceCommission(uint256 nodeId, uint256 commissionBps) external {
        _checkOwner(nodeId);
        Pool storage pool = _storage().pools[nodeId];
        CommissionRise storage rise = _storage().rises[nodeId];
        if (pool.hasRise) {
            if (currentEpoch() < rise.fromEpoch + RING_EPOCHS) revert RisePending(nodeId, rise.fromEpoch);
            pool.commissionBps = rise.commissionBps;
        }
        uint256 present = pool.commissionBps;
        if (commissionBps <= present) revert CommissionNotHigher(commissionBps, present);
        uint256 limit = present + MAX_STEP_BPS;
        if (limit > MAX_COMMISSION_BPS) limit = MAX_COMMISSION_BPS;
        if (commissionBps > limit) revert CommissionTooHigh(commissionBps, limit);
        uint256 fromEpoch = epochAt(block.timestamp + COMMISSION_NOTICE_SECONDS) + 1;
        pool.hasRise = true;
        // The bound was checked above.
        rise.commissionBps = uint16(commissionBps);
        rise.fromEpoch = SafeCast.toUint24(fromEpoch);
        emit CommissionRiseAnnounced(nodeId, commissionBps, fromEpoch);
    }
}
