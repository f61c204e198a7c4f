// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Gwei} from "../base/Gwei.sol";
import {Exits} from "./Exits.sol";
import {StakeRecords} from "./StakeRecords.sol";

/// @title Slashing
/// @notice Takes stake into escrow, burns it or gives it back. A part of `StakingExtension`.
/// @dev The tokens do not move before a slash is upheld. Pool and delegators' exits lose at most 5 % together, once per
/// unbonding period at most: so a pool is never emptied, and the exits of at most two periods are concerned. After that,
/// requests of the same period count for the next one: a loss is always one of all that was asked for in a period, and
/// goes back to exactly those.
abstract contract Slashing is StakeRecords {
    using Exits for Exit;
    using Gwei for uint256;
    using Gwei for uint64;

    uint256 private constant MAX_POOL_SLASH_BPS = 500;

    /// @notice Takes stake into escrow for a fault; only the penalty manager. See `INodeStaking`.
    function slash(
        uint256 nodeId,
        uint256 faultAt,
        uint256 amount,
        uint256 poolLimitBps
    ) external returns (SlashTaken memory taken) {
        _onlyPeer(address(PENALTIES));
        if (poolLimitBps > MAX_POOL_SLASH_BPS) revert PoolSlashTooHigh(poolLimitBps, MAX_POOL_SLASH_BPS);
        uint64 left = amount.fromWei();
        Pool memory pool = _loadPool(nodeId);
        uint256 period = _period();
        uint256 faultPeriod = _periodAt(faultAt);
        // Periods fit 64 bits for ever.
        taken.period = uint64(period);
        taken.bond = _take(pool.bond, left);
        pool.bond -= taken.bond;
        left -= taken.bond;
        if (left != 0) left = _slashBondExits(nodeId, period, faultPeriod, left, taken);
        if (left != 0) _slashPool(nodeId, pool, period, faultPeriod, left, poolLimitBps, taken);
        pool.openSlashes += 1;
        emit StakeSlashed(nodeId, taken);
        _save(nodeId, pool);
    }

    /// @notice Ends a slash that is upheld; only the penalty manager. See `INodeStaking`.
    function burnSlashed(
        uint256 nodeId,
        SlashTaken calldata taken,
        address reporter,
        uint256 bounty
    ) external {
        _onlyPeer(address(PENALTIES));
        StakingStorage storage $ = _storage();
        $.pools[nodeId].openSlashes -= 1;
        uint64 fromOwner = taken.bond + taken.bondExitPrevious + taken.bondExitCurrent;
        uint64 ofDelegators = taken.pool + taken.exitPrevious + taken.exitCurrent;
        _addBurn(nodeId, fromOwner - bounty.fromWei(), ofDelegators);
        emit SlashBurned(nodeId, reporter, bounty, fromOwner.toWei() - bounty, ofDelegators.toWei());
        if (fromOwner != 0) TOKEN.unstakeTo(REGISTRY.ownerOf(nodeId), 0, fromOwner.toWei());
        if (bounty != 0) TOKEN.unstakeTo(reporter, bounty, 0);
    }

    /// @notice Ends a slash that is not upheld; only the penalty manager. See `INodeStaking`.
    function returnSlashed(uint256 nodeId, SlashTaken calldata taken) external {
        _onlyPeer(address(PENALTIES));
        StakingStorage storage $ = _storage();
        Pool memory pool = _loadPool(nodeId);
        pool.openSlashes -= 1;
        pool.bond += taken.bond;
        if (taken.bondExitPrevious | taken.bondExitCurrent != 0) {
            Exit memory exits = $.bondExits[nodeId];
            exits.rollInFull(_period());
            exits.putBack(taken.period, taken.bondExitCurrent);
            // There was a period before: something was asked for in it.
            if (taken.bondExitPrevious != 0) exits.putBack(taken.period - 1, taken.bondExitPrevious);
            $.bondExits[nodeId] = exits;
        }
        uint64 toBurn = 0;
        if (pool.shares != 0) pool.assets += taken.pool;
        else toBurn = taken.pool;
        if (toBurn != 0) _addBurn(nodeId, 0, toBurn);
        if (taken.lossPrevious != 0) $.exitLosses[nodeId][taken.period - 1] -= taken.lossPrevious;
        if (taken.lossCurrent != 0) $.exitLosses[nodeId][taken.period] -= taken.lossCurrent;
        emit SlashReturned(nodeId, taken, toBurn.toWei());
        _save(nodeId, pool);
    }

    /// @notice Burns what upheld slashes took; anyone. See `INodeStaking`.
    function burnPending() external {
        Burns storage burns = _storage().burns;
        uint256 amount = burns.pending.toWei();
        if (amount == 0) revert ZeroAmount();
        burns.pending = 0;
        emit SlashesFlushed(amount);
        ERC20Burnable(address(TOKEN)).burn(amount);
    }

    /// @notice Takes back votes that a slash has left without stake; anyone. See `INodeStaking`.
    function syncVotes(uint256 nodeId, address delegator) external {
        StakingStorage storage $ = _storage();
        Position storage position = $.positions[nodeId][delegator];
        // What is in escrow may come back, and the votes would not come with it.
        uint256 openSlashes = $.pools[nodeId].openSlashes;
        if (openSlashes != 0) revert SlashOpen(nodeId, openSlashes);
        (uint64 matured, uint64 waiting) = _viewExits(nodeId, $.exits[nodeId][delegator]);
        uint64 value = _worth(_vestedPool(nodeId), position.shares) + matured + waiting;
        uint64 units = position.units;
        if (units <= value) revert NothingToSync(nodeId, delegator);
        position.units = value;
        uint64 lost = units - value;
        _releaseBurn(nodeId, lost);
        emit VotesSynced(nodeId, delegator, lost.toWei());
        TOKEN.unstakeTo(delegator, 0, lost.toWei());
    }

    /// @notice Works out what a returned slash owes somebody who had left before; anyone. See `INodeStaking`.
    function restoreExit(uint256 nodeId, address delegator, uint256 period) external {
        StakingStorage storage $ = _storage();
        Loss storage paid = $.paidWithLoss[nodeId][delegator][period];
        uint64 loss = $.exitLosses[nodeId][period];
        uint64 amount =
            _afterLoss(paid.requestedGwei, loss) - _afterLoss(paid.requestedGwei, Math.max(loss, paid.loss));
        if (amount == 0) revert NothingToWithdraw(nodeId, delegator);
        paid.loss = loss;
        $.exits[nodeId][delegator].matured += amount;
        emit ExitRestored(nodeId, delegator, period, amount.toWei());
    }

    /// @dev Takes from what the owner has asked for in the fault's period or later, the newest first.
    function _slashBondExits(
        uint256 nodeId,
        uint256 period,
        uint256 faultPeriod,
        uint64 left,
        SlashTaken memory taken
    ) private returns (uint64) {
        Exit memory exits = _storage().bondExits[nodeId];
        if (exits.previous | exits.current == 0) return left;
        exits.rollInFull(period);
        taken.bondExitCurrent = _take(exits.current, left);
        exits.current -= taken.bondExitCurrent;
        left -= taken.bondExitCurrent;
        if (faultPeriod < period) {
            taken.bondExitPrevious = _take(exits.previous, left);
            exits.previous -= taken.bondExitPrevious;
            left -= taken.bondExitPrevious;
        }
        _storage().bondExits[nodeId] = exits;
        return left;
    }

    /// @dev Takes from pool and exits pro rata.
    function _slashPool(
        uint256 nodeId,
        Pool memory pool,
        uint256 period,
        uint256 faultPeriod,
        uint64 left,
        uint256 poolLimitBps,
        SlashTaken memory taken
    ) private {
        StakingStorage storage $ = _storage();
        Exit memory exits = $.poolExits[nodeId];
        // The pool was slashed in this period before.
        if (exits.period > period) return;
        exits.roll(period);
        mapping(uint256 period => uint64) storage losses = $.exitLosses[nodeId];
        uint256 keptPrevious = 0;
        uint256 liablePrevious = 0;
        if (faultPeriod < period && exits.previous != 0) {
            keptPrevious = LOSS_SCALE - losses[period - 1];
            liablePrevious = (exits.previous * keptPrevious) / LOSS_SCALE;
        }
        uint256 whole = uint256(pool.assets) + liablePrevious + exits.current;
        uint256 cut = Math.min(left, (whole * poolLimitBps) / BPS);
        if (cut == 0) return;

        // Parts of 64-bit amounts and of a scale of 1e18. Losses round up, what is taken rounds down: what those who
        // leave are paid in all never exceeds what is left for them.
        taken.pool = uint64((pool.assets * cut) / whole);
        pool.assets -= taken.pool;
        if (exits.current != 0) {
            taken.lossCurrent = uint64(Math.ceilDiv(LOSS_SCALE * cut, whole));
            taken.exitCurrent = uint64((uint256(exits.current) * taken.lossCurrent) / LOSS_SCALE);
            losses[period] += taken.lossCurrent;
        }
        if (liablePrevious != 0) {
            taken.lossPrevious = uint64(Math.ceilDiv(keptPrevious * cut, whole));
            taken.exitPrevious = uint64((uint256(exits.previous) * taken.lossPrevious) / LOSS_SCALE);
            losses[period - 1] += taken.lossPrevious;
        }
        // From here on requests count for the next period.
        exits.roll(period + 1);
        $.poolExits[nodeId] = exits;
    }

    function _addBurn(uint256 nodeId, uint64 pending, uint64 awaitingSync) private {
        StakingStorage storage $ = _storage();
        Burns memory burns = $.burns;
        burns.pending += pending;
        burns.total += pending + awaitingSync;
        $.burns = burns;
        if (awaitingSync != 0) $.awaitingSync[nodeId] += awaitingSync;
    }

    function _take(uint64 from, uint64 amount) private pure returns (uint64) {
        return from < amount ? from : amount;
    }
}
