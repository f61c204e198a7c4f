// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {EpochHistory} from "../base/EpochHistory.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {TimedPause} from "../base/TimedPause.sol";
import {Exits} from "./Exits.sol";
import {INodeStaking} from "./INodeStaking.sol";
import {StakeRecords} from "./StakeRecords.sol";

/// @title NodeStaking
/// @notice Bonds, pools, income and exits. See `INodeStaking`.
/// @dev What runs rarely is in `StakingExtension`, which works on this contract's storage: a call may be charged for the
/// bytes of code that it touches.
contract NodeStaking is INodeStaking, StakeRecords, TimedPause {
    using EpochHistory for EpochHistory.History;
    using Exits for Exit;
    using Gwei for uint256;
    using Gwei for uint64;

    /// @dev 10 million DTEL: what vested of a pool that nobody has joined or left for years makes room for more.
    uint56 private constant MAX_VESTED_GWEI = 1e16;

    /// @notice Where the functions of the last section run, in this contract's storage.
    address public immutable EXTENSION;

    /// @param extension Built with the same peers, clock and config.
    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        StakingConfig memory config,
        PauseConfig memory pauseConfig,
        address extension
    ) Managed(authority_) EpochClock(clock) StakeRecords(peers, config) TimedPause(pauseConfig) {
        if (extension == address(0)) revert ZeroAddress();
        EXTENSION = extension;
    }

    // ------------------------------------------------------------------ owners

    /// @inheritdoc INodeStaking
    function bond(uint256 nodeId, uint256 amount) external whenNotPaused {
        _checkOwner(nodeId);
        uint64 amountGwei = _nonZero(amount);
        Pool memory pool = _storage().pools[nodeId];
        pool.bond += amountGwei;
        emit Bonded(nodeId, msg.sender, amount);
        // Nothing is active below the minimum bond.
        if (_save(nodeId, pool) == 0) {
            (uint256 minBondGwei, ) = _limits();
            revert BondTooLow(pool.bond.toWei(), minBondGwei * Gwei.WEI);
        }
        TOKEN.stakeFrom(msg.sender, amount);
    }

    // -------------------------------------------------------------- delegators

    /// @inheritdoc INodeStaking
    function delegate(
        uint256 nodeId,
        uint256 amount,
        uint256 minShares
    ) external whenNotPaused returns (uint256 shares) {
        uint64 amountGwei = _nonZero(amount);
        StakingStorage storage $ = _storage();
        Pool memory pool = _loadPool(nodeId);
        // Who joined now would share in what comes back if the slash is not upheld.
        if (pool.openSlashes != 0) revert SlashOpen(nodeId, pool.openSlashes);
        (uint256 minBondGwei, uint256 cap) = _limits();
        if (pool.bond < minBondGwei) revert BondTooLow(pool.bond.toWei(), minBondGwei * Gwei.WEI);
        shares = (amountGwei * (pool.shares + VIRTUAL_SHARES)) / (pool.assets + VIRTUAL_ASSETS);
        if (shares == 0 || shares < minShares) revert TooFewShares(shares, minShares);
        pool.assets += amountGwei;
        pool.shares = SafeCast.toUint72(pool.shares + shares);
        if (pool.assets > pool.bond * cap)
            revert DelegationCapExceeded(pool.assets.toWei(), pool.bond * cap * Gwei.WEI);

        Position memory position = $.positions[nodeId][msg.sender];
        // Not more than the pool's shares, whose cast was checked.
        position.shares += uint72(shares);
        position.units += amountGwei;
        $.positions[nodeId][msg.sender] = position;
        emit Delegated(nodeId, msg.sender, amount, shares);
        _save(nodeId, pool);
        TOKEN.stakeFrom(msg.sender, amount);
    }

    /// @inheritdoc INodeStaking
    function requestUndelegate(uint256 nodeId, uint256 shares) external returns (uint256 amount) {
        StakingStorage storage $ = _storage();
        Pool memory pool = _loadPool(nodeId);
        Position storage position = $.positions[nodeId][msg.sender];
        if (shares > position.shares) revert InsufficientShares(shares, position.shares);
        uint64 amountGwei = _worth(pool, shares);
        if (amountGwei == 0 && (shares == 0 || shares != position.shares)) revert ZeroAmount();
        // Both casts: not more than the position's shares, which are 72 bits.
        position.shares -= uint72(shares);
        pool.shares -= uint72(shares);
        pool.assets -= amountGwei;
        if (pool.shares == 0) _leaveToOwner(nodeId, pool);

        Exit memory poolExits = $.poolExits[nodeId];
        // The running period, or the next one if the pool was slashed in this.
        uint256 period = Math.max(_period(), poolExits.period);
        poolExits.roll(period);
        poolExits.current += amountGwei;
        $.poolExits[nodeId] = poolExits;
        Exit memory exits = $.exits[nodeId][msg.sender];
        _rollExits(nodeId, msg.sender, exits, period);
        exits.current += amountGwei;
        $.exits[nodeId][msg.sender] = exits;
        bool isGone = position.shares == 0 && exits.matured | exits.previous | exits.current == 0;

        amount = amountGwei.toWei();
        emit UndelegateRequested(nodeId, msg.sender, shares, amount, period);
        _save(nodeId, pool);
        // The last shares were worth nothing: no withdrawal will follow to give back what they voted with.
        if (isGone && position.units != 0) {
            uint256 units = position.units.toWei();
            _releaseBurn(nodeId, position.units);
            position.units = 0;
            TOKEN.unstakeTo(msg.sender, 0, units);
        }
    }

    /// @inheritdoc INodeStaking
    function withdraw(uint256 nodeId) external returns (uint256 amount) {
        StakingStorage storage $ = _storage();
        Exit memory exits = $.exits[nodeId][msg.sender];
        _rollExits(nodeId, msg.sender, exits, _period());
        uint64 amountGwei = exits.matured;
        if (amountGwei == 0) revert NothingToWithdraw(nodeId, msg.sender);
        exits.matured = 0;
        $.exits[nodeId][msg.sender] = exits;

        // Units leave with the money; the last of it takes all that are left.
        Position storage position = $.positions[nodeId][msg.sender];
        uint64 units = position.units;
        bool isLast = position.shares == 0 && exits.previous == 0 && exits.current == 0;
        if (!isLast && units > amountGwei) units = amountGwei;
        position.units -= units;
        if (units > amountGwei) _releaseBurn(nodeId, units - amountGwei);

        amount = amountGwei.toWei();
        emit Withdrawn(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, units.toWei());
    }

    // ------------------------------------------------------------------ income

    /// @inheritdoc INodeStaking
    function creditIncome(
        uint256 nodeId,
        uint256 epoch,
        EpochIncome calldata income
    ) external returns (uint256 work, uint256 availability) {
        _onlyPeer(address(DISTRIBUTOR));
        StakingStorage storage $ = _storage();
        Pool memory pool = $.pools[nodeId];
        IncomeStream memory stream = $.streams[nodeId];
        _advance(stream);
        if (stream.vested > MAX_VESTED_GWEI) {
            _moveVested(nodeId, pool, stream);
            $.pools[nodeId] = pool;
        }

        (uint256 stake, uint256 bonded) = (_stakeAt(nodeId, epoch, pool), _bondAt(nodeId, epoch, pool));
        // A node without active stake has nothing to lose: it earns what apps pay, and no emission.
        if (stake != 0) {
            work = income.work;
            availability = (income.availability * stake * STAKE_UNIT_WEI) / income.totalStake;
            availability -= availability % Gwei.WEI;
        }
        uint64 amountGwei = (income.fees + work + availability).floorFromWei();
        uint64 toPool = 0;
        if (pool.shares != 0) {
            if (stake == 0) (stake, bonded) = (uint256(pool.bond) + pool.assets + stream.vested, pool.bond);
            // Nobody has anything at stake: all of it is the owner's.
            uint256 poolPart = stake == 0 ? 0 : (amountGwei * (stake - bonded)) / stake;
            // At most `amountGwei`.
            toPool = uint64(poolPart - (poolPart * _commissionAt(nodeId, epoch, pool)) / BPS);
        }
        uint64 toOwner = amountGwei - toPool;
        stream.arriving += SafeCast.toUint56(toPool);
        stream.ownerIncome += SafeCast.toUint56(toOwner);
        // Vesting only moves amounts within the stream. If they fit now, nobody's leaving can fail for it later.
        SafeCast.toUint56(uint256(stream.streaming) + stream.arriving + stream.vested);
        $.streams[nodeId] = stream;
        emit IncomeCredited(nodeId, toOwner.toWei(), toPool.toWei());
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc INodeStaking
    function poolOf(uint256 nodeId) external view returns (Pool memory) {
        return _storage().pools[nodeId];
    }

    /// @inheritdoc INodeStaking
    function streamOf(uint256 nodeId) external view returns (IncomeStream memory) {
        return _storage().streams[nodeId];
    }

    /// @inheritdoc INodeStaking
    function assetsOf(uint256 nodeId) external view returns (uint256) {
        return _vestedPool(nodeId).assets.toWei();
    }

    /// @inheritdoc INodeStaking
    function ownerIncomeOf(uint256 nodeId) external view returns (uint256) {
        return _storage().streams[nodeId].ownerIncome * Gwei.WEI;
    }

    /// @inheritdoc INodeStaking
    function positionOf(uint256 nodeId, address delegator) external view returns (Position memory) {
        return _storage().positions[nodeId][delegator];
    }

    /// @inheritdoc INodeStaking
    function delegationOf(uint256 nodeId, address delegator) external view returns (uint256) {
        return _worth(_vestedPool(nodeId), _storage().positions[nodeId][delegator].shares).toWei();
    }

    /// @inheritdoc INodeStaking
    function exitOf(
        uint256 nodeId,
        address delegator
    ) external view returns (uint256 payableNow, uint256 waiting) {
        (uint64 maturedGwei, uint64 waitingGwei) = _viewExits(nodeId, _storage().exits[nodeId][delegator]);
        return (maturedGwei.toWei(), waitingGwei.toWei());
    }

    /// @inheritdoc INodeStaking
    function bondExitOf(uint256 nodeId) external view returns (uint256 payableNow, uint256 waiting) {
        Exit memory exits = _storage().bondExits[nodeId];
        exits.rollInFull(_period());
        return (exits.matured.toWei(), exits.previous.toWei() + exits.current.toWei());
    }

    /// @inheritdoc INodeStaking
    function currentPeriod() external view returns (uint256) {
        return _period();
    }

    /// @inheritdoc INodeStaking
    function bondOf(uint256 nodeId) external view returns (uint256) {
        return _storage().pools[nodeId].bond.toWei();
    }

    /// @inheritdoc INodeStaking
    function minBond() external view returns (uint256) {
        (uint256 minBondGwei, ) = _limits();
        return minBondGwei * Gwei.WEI;
    }

    /// @inheritdoc INodeStaking
    function stakeAt(uint256 nodeId, uint256 epoch) external view returns (uint256) {
        return _stakeAt(nodeId, epoch, _storage().pools[nodeId]) * STAKE_UNIT_WEI;
    }

    /// @inheritdoc INodeStaking
    function bondAt(uint256 nodeId, uint256 epoch) external view returns (uint256) {
        return _bondAt(nodeId, epoch, _storage().pools[nodeId]) * STAKE_UNIT_WEI;
    }

    /// @inheritdoc INodeStaking
    function totalStakeAt(uint256 epoch) external view returns (uint256) {
        return _storage().totalHistory.at(epoch) * STAKE_UNIT_WEI;
    }

    /// @inheritdoc INodeStaking
    function unbondingOf(
        uint256 nodeId
    ) external view returns (uint256 period, uint256 requestedIn, uint256 requestedBefore) {
        Exit memory exits = _storage().poolExits[nodeId];
        exits.roll(_period());
        return (exits.period, exits.current.toWei(), exits.previous.toWei());
    }

    /// @inheritdoc INodeStaking
    function delegationCap() external view returns (uint256 cap) {
        (, cap) = _limits();
    }

    /// @inheritdoc INodeStaking
    function unbondingSeconds() external view returns (uint256) {
        return UNBONDING_SECONDS;
    }

    /// @inheritdoc INodeStaking
    function commissionAt(uint256 nodeId, uint256 epoch) external view returns (uint256) {
        return _commissionAt(nodeId, epoch, _storage().pools[nodeId]);
    }

    /// @inheritdoc INodeStaking
    function commissionRiseOf(uint256 nodeId) external view returns (CommissionRise memory) {
        return _storage().rises[nodeId];
    }

    /// @inheritdoc INodeStaking
    function exitLossOf(uint256 nodeId, uint256 period) external view returns (uint256) {
        return _storage().exitLosses[nodeId][period];
    }

    /// @inheritdoc INodeStaking
    function pendingBurn() external view returns (uint256) {
        return _storage().burns.pending.toWei();
    }

    /// @inheritdoc INodeStaking
    function burnAwaitingSync(uint256 nodeId) external view returns (uint256) {
        return _storage().awaitingSync[nodeId].toWei();
    }

    /// @inheritdoc INodeStaking
    function totalSlashed() external view returns (uint256) {
        return _storage().burns.total.toWei();
    }

    // ---------------------------------------------------------------- internal

    /// @dev The last delegator has left: rounding's remainder and income still on its way are the owner's, so that
    /// nobody can join an empty pool to take them.
    function _leaveToOwner(uint256 nodeId, Pool memory pool) private {
        IncomeStream memory stream = _storage().streams[nodeId];
        uint256 left = uint256(pool.assets) + stream.streaming + stream.arriving;
        pool.assets = 0;
        stream.streaming = 0;
        stream.arriving = 0;
        // An owner who left 72 million DTEL unclaimed forgoes what does not fit: the last delegator must get out.
        left = Math.min(left, type(uint56).max - stream.ownerIncome);
        stream.ownerIncome += uint56(left);
        _storage().streams[nodeId] = stream;
        if (left != 0) emit IncomeVested(nodeId, 0, left * Gwei.WEI);
    }

    // --------------------------------------------------------------- extension

    /// @inheritdoc INodeStaking
    function requestUnbond(uint256, uint256) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function withdrawBond(uint256) external returns (uint256) {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function claimOwnerIncome(uint256) external returns (uint256) {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function slash(uint256, uint256, uint256, uint256) external returns (SlashTaken memory) {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function burnSlashed(uint256, SlashTaken calldata, address, uint256) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function returnSlashed(uint256, SlashTaken calldata) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function burnPending() external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function syncVotes(uint256, address) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function restoreExit(uint256, address, uint256) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function setCommission(uint256, uint256) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function announceCommission(uint256, uint256) external {
        _runInExtension();
    }

    /// @inheritdoc INodeStaking
    function setStakeLimits(uint256, uint256) external {
        _runInExtension();
    }

    /// @dev Runs the call in the extension, on this contract's storage, and ends it with what that answers.
    function _runInExtension() private {
        address extension = EXTENSION;
        assembly ("memory-safe") {
            let memoryEnd := mload(0x40)
            calldatacopy(memoryEnd, 0, calldatasize())
            let isDone := delegatecall(gas(), extension, memoryEnd, calldatasize(), 0, 0)
            returndatacopy(memoryEnd, 0, returndatasize())
            if isDone {
                return(memoryEnd, returndatasize())
            }
            revert(memoryEnd, returndatasize())
        }
    }
}
