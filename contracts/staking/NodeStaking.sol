// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IDTelToken} from "../token/IDTelToken.sol";
import {Exits} from "./Exits.sol";
import {IncomeVesting} from "./IncomeVesting.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {INodeStaking} from "./INodeStaking.sol";
import {StakeHistory} from "./StakeHistory.sol";

/// @title NodeStaking
/// @notice Bonds, pools, income and exits. See `INodeStaking`.
contract NodeStaking is INodeStaking, IncomeVesting, Managed {
    using Exits for Exit;
    using Gwei for uint256;
    using Gwei for uint64;
    using StakeHistory for StakeHistory.History;

    /// @notice The contracts that this one works with.
    struct Peers {
        IDTelToken token;
        INodeRegistry registry;
        IRewardDistributor distributor;
    }

    /// @custom:storage-location erc7201:dtelecom.NodeStaking
    struct StakingStorage {
        mapping(uint256 nodeId => Pool) pools;
        mapping(uint256 nodeId => IncomeStream) streams;
        mapping(uint256 nodeId => mapping(address delegator => Position)) positions;
        mapping(uint256 nodeId => mapping(address delegator => Exit)) exits;
        mapping(uint256 nodeId => Exit) bondExits;
        /// @dev What the pool's delegators together wait for: a slash reads it without a list of them.
        mapping(uint256 nodeId => Exit) poolExits;
        /// @dev Empty while a node was only bonded once: then its pool's word tells all.
        mapping(uint256 nodeId => StakeHistory.History) history;
        /// @dev Bonds of the past; the present one stands in the pool, with the epoch it counts from.
        mapping(uint256 nodeId => StakeHistory.History) bondHistory;
        StakeHistory.History totalHistory;
    }

    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_COMMISSION_BPS = 5_000;
    /// @dev A pool always has this many shares more and one gwei more than it shows. To move the price of a share,
    /// an attacker would have to give away a thousand times what a victim can lose by rounding.
    uint256 private constant VIRTUAL_SHARES = 1_000;
    uint256 private constant VIRTUAL_ASSETS = 1;
    /// @dev 10 million DTEL: what vested of a pool that nobody has joined or left for years makes room for more.
    uint56 private constant MAX_VESTED_GWEI = 1e16;
    /// @dev A thousandth of a DTEL, what `StakeHistory` counts in: in gwei and in wei.
    uint256 private constant STAKE_UNIT_GWEI = 1e6;
    uint256 private constant STAKE_UNIT_WEI = 1e15;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.NodeStaking")) - 1)) & ~bytes32(uint256(0xff));

    IDTelToken private immutable TOKEN;
    INodeRegistry private immutable REGISTRY;
    IRewardDistributor private immutable DISTRIBUTOR;
    uint64 private immutable MIN_BOND_GWEI;
    uint256 private immutable DELEGATION_CAP;
    uint256 private immutable UNBONDING_SECONDS;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        StakingConfig memory config
    ) Managed(authority_) EpochClock(clock) {
        if (
            address(peers.token) == address(0) ||
            address(peers.registry) == address(0) ||
            address(peers.distributor) == address(0)
        ) revert ZeroAddress();
        if (
            config.minBondWei < 1_000e18 ||
            config.minBondWei > 250_000e18 ||
            config.delegationCap < 5 ||
            config.delegationCap > 20 ||
            config.unbondingSeconds < 2 * clock.epochSeconds ||
            config.unbondingSeconds > 30 days
        ) revert InvalidStakingConfig(config.minBondWei, config.delegationCap, config.unbondingSeconds);
        TOKEN = peers.token;
        REGISTRY = peers.registry;
        DISTRIBUTOR = peers.distributor;
        MIN_BOND_GWEI = config.minBondWei.fromWei();
        DELEGATION_CAP = config.delegationCap;
        UNBONDING_SECONDS = config.unbondingSeconds;
    }

    // ------------------------------------------------------------------ owners

    /// @inheritdoc INodeStaking
    function bond(uint256 nodeId, uint256 amount) external {
        _checkOwner(nodeId);
        uint64 amountGwei = _nonZero(amount);
        Pool memory pool = _storage().pools[nodeId];
        pool.bond += amountGwei;
        emit Bonded(nodeId, msg.sender, amount);
        _save(nodeId, pool);
        TOKEN.stakeFrom(msg.sender, amount);
    }

    /// @inheritdoc INodeStaking
    function requestUnbond(uint256 nodeId, uint256 amount) external {
        _checkOwner(nodeId);
        uint64 amountGwei = _nonZero(amount);
        StakingStorage storage $ = _storage();
        Pool memory pool = $.pools[nodeId];
        if (amountGwei > pool.bond) revert InsufficientBond(amount, pool.bond.toWei());
        pool.bond -= amountGwei;
        if (pool.bond != 0) {
            uint256 required = pool.assets / DELEGATION_CAP;
            if (required < MIN_BOND_GWEI) required = MIN_BOND_GWEI;
            if (pool.bond < required) revert BondTooLow(pool.bond.toWei(), required * Gwei.WEI);
        }
        uint256 period = currentPeriod();
        Exit memory exits = $.bondExits[nodeId];
        exits.add(period, amountGwei);
        $.bondExits[nodeId] = exits;
        emit BondExitRequested(nodeId, msg.sender, amount, period);
        _save(nodeId, pool);
    }

    /// @inheritdoc INodeStaking
    function withdrawBond(uint256 nodeId) external returns (uint256 amount) {
        _checkOwner(nodeId);
        StakingStorage storage $ = _storage();
        Exit memory exits = $.bondExits[nodeId];
        amount = exits.takeMatured(currentPeriod()).toWei();
        if (amount == 0) revert NothingToWithdraw(nodeId, msg.sender);
        $.bondExits[nodeId] = exits;
        emit BondWithdrawn(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, amount);
    }

    /// @inheritdoc INodeStaking
    function claimOwnerIncome(uint256 nodeId) external returns (uint256 amount) {
        _checkOwner(nodeId);
        IncomeStream storage stream = _storage().streams[nodeId];
        amount = stream.ownerIncome * Gwei.WEI;
        if (amount == 0) revert NothingToWithdraw(nodeId, msg.sender);
        stream.ownerIncome = 0;
        emit OwnerIncomeClaimed(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, 0);
    }

    /// @inheritdoc INodeStaking
    function setCommission(uint256 nodeId, uint256 commissionBps) external {
        _checkOwner(nodeId);
        Pool storage pool = _storage().pools[nodeId];
        // Before the first bond there can be no delegation, pending or made, that a rise would surprise.
        uint256 limit = pool.bondFrom == 0 ? MAX_COMMISSION_BPS : pool.commissionBps;
        if (commissionBps > limit) revert CommissionTooHigh(commissionBps, limit);
        // The bound was checked in the line above.
        pool.commissionBps = uint16(commissionBps);
        emit CommissionChanged(nodeId, commissionBps);
    }

    // -------------------------------------------------------------- delegators

    /// @inheritdoc INodeStaking
    function delegate(uint256 nodeId, uint256 amount, uint256 minShares) external returns (uint256 shares) {
        uint64 amountGwei = _nonZero(amount);
        StakingStorage storage $ = _storage();
        Pool memory pool = _loadPool(nodeId);
        if (pool.bond < MIN_BOND_GWEI) revert BondTooLow(pool.bond.toWei(), MIN_BOND_GWEI.toWei());
        shares = (amountGwei * (pool.shares + VIRTUAL_SHARES)) / (pool.assets + VIRTUAL_ASSETS);
        if (shares == 0 || shares < minShares) revert TooFewShares(shares, minShares);
        pool.assets += amountGwei;
        pool.shares = SafeCast.toUint72(pool.shares + shares);
        uint256 cap = pool.bond * DELEGATION_CAP;
        if (pool.assets > cap) revert DelegationCapExceeded(pool.assets.toWei(), cap * Gwei.WEI);

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

        uint256 period = currentPeriod();
        Exit memory exits = $.exits[nodeId][msg.sender];
        exits.add(period, amountGwei);
        $.exits[nodeId][msg.sender] = exits;
        bool isGone = position.shares == 0 && exits.matured | exits.previous | exits.current == 0;
        Exit memory poolExits = $.poolExits[nodeId];
        poolExits.add(period, amountGwei);
        poolExits.matured = 0;
        $.poolExits[nodeId] = poolExits;

        amount = amountGwei.toWei();
        emit UndelegateRequested(nodeId, msg.sender, shares, amount, period);
        _save(nodeId, pool);
        // The last shares were worth nothing: no withdrawal will follow to give back what they voted with.
        if (isGone && position.units != 0) {
            uint256 units = position.units.toWei();
            position.units = 0;
            TOKEN.unstakeTo(msg.sender, 0, units);
        }
    }

    /// @inheritdoc INodeStaking
    function withdraw(uint256 nodeId) external returns (uint256 amount) {
        StakingStorage storage $ = _storage();
        Exit memory exits = $.exits[nodeId][msg.sender];
        uint64 amountGwei = exits.takeMatured(currentPeriod());
        if (amountGwei == 0) revert NothingToWithdraw(nodeId, msg.sender);
        $.exits[nodeId][msg.sender] = exits;

        // Units leave with the money; the last of it takes all that are left.
        Position storage position = $.positions[nodeId][msg.sender];
        uint64 units = position.units;
        bool isLast = position.shares == 0 && exits.previous == 0 && exits.current == 0;
        if (!isLast && units > amountGwei) units = amountGwei;
        position.units -= units;

        amount = amountGwei.toWei();
        emit Withdrawn(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, units.toWei());
    }

    // ------------------------------------------------------------------ income

    /// @inheritdoc INodeStaking
    function creditIncome(uint256 nodeId, uint256 epoch, uint256 amount) external {
        _onlyPeer(address(DISTRIBUTOR));
        uint64 amountGwei = amount.floorFromWei();
        StakingStorage storage $ = _storage();
        Pool memory pool = $.pools[nodeId];
        IncomeStream memory stream = $.streams[nodeId];
        _advance(stream);
        if (stream.vested > MAX_VESTED_GWEI) {
            _moveVested(nodeId, pool, stream);
            $.pools[nodeId] = pool;
        }

        uint64 toPool;
        if (pool.shares != 0) {
            (uint256 stake, uint256 bonded) = (_stakeAt(nodeId, epoch, pool), _bondAt(nodeId, epoch, pool));
            if (stake == 0) (stake, bonded) = (uint256(pool.bond) + pool.assets + stream.vested, pool.bond);
            uint256 poolPart = (amountGwei * (stake - bonded)) / stake;
            // At most `amountGwei`.
            toPool = uint64(poolPart - (poolPart * pool.commissionBps) / BPS);
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
        return _exitNow(_storage().exits[nodeId][delegator]);
    }

    /// @inheritdoc INodeStaking
    function bondExitOf(uint256 nodeId) external view returns (uint256 payableNow, uint256 waiting) {
        return _exitNow(_storage().bondExits[nodeId]);
    }

    /// @inheritdoc INodeStaking
    function unbondingOf(uint256 nodeId) external view returns (uint256 thisPeriod, uint256 lastPeriod) {
        Exit memory exits = _storage().poolExits[nodeId];
        exits.roll(currentPeriod());
        return (exits.current.toWei(), exits.previous.toWei());
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
    function currentPeriod() public view returns (uint256) {
        return (block.timestamp - GENESIS) / UNBONDING_SECONDS;
    }

    // ---------------------------------------------------------------- internal

    function _checkOwner(uint256 nodeId) private view {
        if (REGISTRY.ownerOf(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
    }

    function _nonZero(uint256 amount) private pure returns (uint64) {
        if (amount == 0) revert ZeroAmount();
        return amount.fromWei();
    }

    /// @dev Active stake, in thousandths of a DTEL: nothing below the minimum bond, no more than the cap allows on it.
    function _activeStake(Pool memory pool) private view returns (uint256) {
        if (pool.bond < MIN_BOND_GWEI) return 0;
        uint256 cap = pool.bond * DELEGATION_CAP;
        return (pool.bond + (pool.assets > cap ? cap : pool.assets)) / STAKE_UNIT_GWEI;
    }

    /// @dev What shares are worth, in gwei; at most the pool's assets.
    function _worth(Pool memory pool, uint256 shares) private pure returns (uint64) {
        // shares ≤ pool.shares, so the result is at most assets + 1 times a fraction below one.
        return uint64((shares * (pool.assets + VIRTUAL_ASSETS)) / (pool.shares + VIRTUAL_SHARES));
    }

    /// @dev A pool with all that vested so far; stores the stream, not the pool.
    function _loadPool(uint256 nodeId) private returns (Pool memory pool) {
        StakingStorage storage $ = _storage();
        pool = $.pools[nodeId];
        IncomeStream memory stream = $.streams[nodeId];
        if (stream.streaming | stream.arriving | stream.vested == 0) return pool;
        _advance(stream);
        _moveVested(nodeId, pool, stream);
        $.streams[nodeId] = stream;
    }

    /// @dev Makes vested income a part of the pool's assets, in memory.
    function _moveVested(uint256 nodeId, Pool memory pool, IncomeStream memory stream) private {
        uint64 vested = stream.vested;
        stream.vested = 0;
        pool.assets += vested;
        emit IncomeVested(nodeId, vested.toWei(), 0);
    }

    function _vestedPool(uint256 nodeId) private view returns (Pool memory pool) {
        pool = _storage().pools[nodeId];
        IncomeStream memory stream = _storage().streams[nodeId];
        _advance(stream);
        pool.assets += stream.vested;
    }

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

    /// @dev In thousandths of a DTEL.
    function _stakeAt(uint256 nodeId, uint256 epoch, Pool memory pool) private view returns (uint256) {
        StakeHistory.History storage history = _storage().history[nodeId];
        if (!history.isEmpty()) return history.at(epoch);
        return _bondCounts(epoch, pool) ? _activeStake(pool) : 0;
    }

    /// @dev In thousandths of a DTEL.
    function _bondAt(uint256 nodeId, uint256 epoch, Pool memory pool) private view returns (uint256) {
        if (_bondCounts(epoch, pool)) return pool.bond / STAKE_UNIT_GWEI;
        return _storage().bondHistory[nodeId].at(epoch);
    }

    function _bondCounts(uint256 epoch, Pool memory pool) private pure returns (bool) {
        return pool.bondFrom != 0 && epoch >= pool.bondFrom;
    }

    /// @dev Writes the pool and, where bond or active stake changed, their histories from the next epoch on.
    function _save(uint256 nodeId, Pool memory pool) private {
        StakingStorage storage $ = _storage();
        Pool memory old = $.pools[nodeId];
        uint256 fromEpoch = currentEpoch() + 1;
        if (pool.bond != old.bond && old.bondFrom != fromEpoch) {
            if (old.bondFrom != 0) $.bondHistory[nodeId].record(old.bondFrom, old.bond / STAKE_UNIT_GWEI);
            // `StakeHistory` holds epochs to 24 bits: 1,900 years of an hour.
            pool.bondFrom = SafeCast.toUint24(fromEpoch);
        }
        $.pools[nodeId] = pool;

        uint256 stake = _activeStake(pool);
        uint256 before = _recordStake($.history[nodeId], old, pool, fromEpoch, stake);
        if (stake == before) return;
        uint256 total = $.totalHistory.latest() - before + stake;
        $.totalHistory.record(fromEpoch, total);
        emit StakeChanged(nodeId, fromEpoch, stake * STAKE_UNIT_WEI, total * STAKE_UNIT_WEI);
    }

    /// @dev Records a node's active stake and returns what it was before, in thousandths of a DTEL.
    function _recordStake(
        StakeHistory.History storage history,
        Pool memory old,
        Pool memory pool,
        uint256 fromEpoch,
        uint256 stake
    ) private returns (uint256 before) {
        if (!history.isEmpty()) {
            before = history.latest();
            if (stake != before) history.record(fromEpoch, stake);
            return before;
        }
        before = _activeStake(old);
        // The first bond needs no history while nobody else has joined: it saves its owner a slot.
        if (pool.shares == 0 && (old.bondFrom == 0 || old.bondFrom == fromEpoch)) return before;
        history.record(old.bondFrom, before);
        history.record(fromEpoch, stake);
    }

    /// @dev Pays out, minting what was credited first if the tokens are short: other people's stake is not used for it.
    function _pay(address to, uint256 amount, uint256 units) private {
        uint256 required = amount + TOKEN.totalStakedUnits() - units;
        if (TOKEN.balanceOf(address(this)) < required) {
            if (DISTRIBUTOR.pendingMint() != 0) DISTRIBUTOR.mintPending();
            uint256 balance = TOKEN.balanceOf(address(this));
            if (balance < required) revert PayoutShort(required, balance);
        }
        TOKEN.unstakeTo(to, amount, units);
    }

    function _exitNow(Exit memory exits) private view returns (uint256 payableNow, uint256 waiting) {
        exits.roll(currentPeriod());
        return (exits.matured.toWei(), exits.previous.toWei() + exits.current.toWei());
    }

    function _storage() private pure returns (StakingStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
