// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochHistory} from "../base/EpochHistory.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {IPenaltyManager} from "../penalties/IPenaltyManager.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IDTelToken} from "../token/IDTelToken.sol";
import {Exits} from "./Exits.sol";
import {IncomeVesting} from "./IncomeVesting.sol";
import {INodeRegistry} from "./INodeRegistry.sol";
import {INodeStakingTypes} from "./INodeStakingTypes.sol";

/// @title StakeRecords
/// @notice What `NodeStaking` keeps, and how pools and stake by epoch are read and written.
abstract contract StakeRecords is INodeStakingTypes, IncomeVesting, Managed {
    using EpochHistory for EpochHistory.History;
    using Exits for Exit;
    using Gwei for uint256;
    using Gwei for uint64;

    /// @notice The contracts that this one works with.
    struct Peers {
        IDTelToken token;
        INodeRegistry registry;
        IRewardDistributor distributor;
        IPenaltyManager penalties;
    }

    /// @custom:storage-location erc7201:dtelecom.NodeStaking
    struct StakingStorage {
        mapping(uint256 nodeId => Pool) pools;
        mapping(uint256 nodeId => IncomeStream) streams;
        mapping(uint256 nodeId => mapping(address delegator => Position)) positions;
        mapping(uint256 nodeId => mapping(address delegator => Exit)) exits;
        mapping(uint256 nodeId => Exit) bondExits;
        /// @dev What the pool's delegators together asked for: a slash reads it without a list of them. Its period is
        /// ahead of the running one after the pool was slashed.
        mapping(uint256 nodeId => Exit) poolExits;
        /// @dev Empty while a node was only bonded once: then its pool's word tells all.
        mapping(uint256 nodeId => EpochHistory.History) history;
        /// @dev Bonds of the past; the present one stands in the pool, with the epoch it counts from.
        mapping(uint256 nodeId => EpochHistory.History) bondHistory;
        /// @dev Its tag holds the stake limits: minimum bond in DTEL << 8 | delegation cap; 0 until governance sets them.
        EpochHistory.History totalHistory;
        mapping(uint256 nodeId => CommissionRise) rises;
        /// @dev What exits of a period lost, in 1 / `LOSS_SCALE` of what was asked for.
        mapping(uint256 nodeId => mapping(uint256 period => uint64)) exitLosses;
        mapping(uint256 nodeId => mapping(address delegator => mapping(uint256 period => Loss))) paidWithLoss;
        Burns burns;
        /// @dev What upheld slashes took of a node's delegators: burned as their votes are taken back, so that what backs
        /// votes, or others' income, never is.
        mapping(uint256 nodeId => uint64) awaitingSync;
    }

    /// @dev Upheld slashes, in gwei; one slot, which is never zero again.
    struct Burns {
        /// @dev Can be burned: nobody votes with it.
        uint64 pending;
        /// @dev All there ever was.
        uint64 total;
    }

    /// @dev An exit that became payable less a loss: if the slash is returned, so is this.
    struct Loss {
        uint64 requestedGwei;
        uint64 loss;
    }

    uint256 internal constant BPS = 10_000;
    uint256 internal constant MAX_COMMISSION_BPS = 5_000;
    /// @dev What is lost of an exit is counted in this part of what was asked for.
    uint256 internal constant LOSS_SCALE = 1e18;
    /// @dev A pool always has this many shares more and one gwei more than it shows. To move the price of a share,
    /// an attacker would have to give away a thousand times what a victim can lose by rounding.
    uint256 internal constant VIRTUAL_SHARES = 1_000;
    uint256 internal constant VIRTUAL_ASSETS = 1;
    /// @dev A thousandth of a DTEL, what stake by epoch is counted in: in gwei and in wei.
    uint256 private constant STAKE_UNIT_GWEI = 1e6;
    uint256 internal constant STAKE_UNIT_WEI = 1e15;
    uint256 private constant GWEI_PER_DTEL = 1e9;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.NodeStaking")) - 1)) & ~bytes32(uint256(0xff));

    IDTelToken internal immutable TOKEN;
    INodeRegistry internal immutable REGISTRY;
    IRewardDistributor internal immutable DISTRIBUTOR;
    IPenaltyManager internal immutable PENALTIES;
    uint256 internal immutable UNBONDING_SECONDS;
    uint256 internal immutable COMMISSION_NOTICE_SECONDS;
    /// @dev What holds until governance sets other limits: minimum bond in DTEL << 8 | delegation cap.
    uint32 private immutable INITIAL_LIMITS;

    constructor(Peers memory peers, StakingConfig memory config) {
        if (
            address(peers.token) == address(0) ||
            address(peers.registry) == address(0) ||
            address(peers.distributor) == address(0) ||
            address(peers.penalties) == address(0)
        ) revert ZeroAddress();
        if (config.unbondingSeconds < 2 * EPOCH_SECONDS || config.unbondingSeconds > 30 days)
            revert InvalidStakingConfig(config.minBondWei, config.delegationCap, config.unbondingSeconds);
        if (config.commissionNoticeSeconds <= 2 * config.unbondingSeconds)
            revert InvalidCommissionNotice(config.commissionNoticeSeconds, config.unbondingSeconds);
        TOKEN = peers.token;
        REGISTRY = peers.registry;
        DISTRIBUTOR = peers.distributor;
        PENALTIES = peers.penalties;
        UNBONDING_SECONDS = config.unbondingSeconds;
        COMMISSION_NOTICE_SECONDS = config.commissionNoticeSeconds;
        INITIAL_LIMITS = _packLimits(config.minBondWei, config.delegationCap);
    }

    // ------------------------------------------------------------------ limits

    /// @dev Checks the bounds and packs.
    function _packLimits(uint256 minBondWei, uint256 cap) internal view returns (uint32) {
        uint256 minBondDtel = minBondWei / (GWEI_PER_DTEL * Gwei.WEI);
        if (
            minBondDtel < 1_000 ||
            minBondDtel > 250_000 ||
            minBondWei % (GWEI_PER_DTEL * Gwei.WEI) != 0 ||
            cap < 5 ||
            cap > 20
        ) revert InvalidStakingConfig(minBondWei, cap, UNBONDING_SECONDS);
        // The bounds leave 18 and 5 bits.
        return uint32((minBondDtel << 8) | cap);
    }

    function _setLimits(uint32 limits) internal {
        _storage().totalHistory.setTag(limits);
    }

    /// @dev Read with the total stake, whose word a change of stake reads anyway.
    function _limits() internal view returns (uint256 minBondGwei, uint256 cap) {
        uint256 limits = _storage().totalHistory.tag();
        if (limits == 0) limits = INITIAL_LIMITS;
        return ((limits >> 8) * GWEI_PER_DTEL, limits & 0xff);
    }

    // ------------------------------------------------------------------- pools

    /// @dev Active stake, in thousandths of a DTEL: nothing below the minimum bond, no more than the cap allows on it.
    function _activeStake(Pool memory pool) private view returns (uint256) {
        (uint256 minBondGwei, uint256 cap) = _limits();
        if (pool.bond < minBondGwei) return 0;
        uint256 most = pool.bond * cap;
        return (pool.bond + (pool.assets > most ? most : pool.assets)) / STAKE_UNIT_GWEI;
    }

    /// @dev What shares are worth, in gwei; at most the pool's assets.
    function _worth(Pool memory pool, uint256 shares) internal pure returns (uint64) {
        // shares ≤ pool.shares, so the result is at most assets + 1 times a fraction below one.
        return uint64((shares * (pool.assets + VIRTUAL_ASSETS)) / (pool.shares + VIRTUAL_SHARES));
    }

    /// @dev A pool with all that vested so far; stores the stream, not the pool.
    function _loadPool(uint256 nodeId) internal returns (Pool memory pool) {
        StakingStorage storage $ = _storage();
        pool = $.pools[nodeId];
        IncomeStream memory stream = $.streams[nodeId];
        if (stream.streaming | stream.arriving | stream.vested == 0) return pool;
        _advance(stream);
        _moveVested(nodeId, pool, stream);
        $.streams[nodeId] = stream;
    }

    /// @dev Makes vested income a part of the pool's assets, in memory.
    function _moveVested(uint256 nodeId, Pool memory pool, IncomeStream memory stream) internal {
        uint64 vested = stream.vested;
        stream.vested = 0;
        pool.assets += vested;
        emit IncomeVested(nodeId, vested.toWei(), 0);
    }

    function _vestedPool(uint256 nodeId) internal view returns (Pool memory pool) {
        pool = _storage().pools[nodeId];
        IncomeStream memory stream = _storage().streams[nodeId];
        _advance(stream);
        pool.assets += stream.vested;
    }

    /// @dev In thousandths of a DTEL.
    function _stakeAt(uint256 nodeId, uint256 epoch, Pool memory pool) internal view returns (uint256) {
        EpochHistory.History storage history = _storage().history[nodeId];
        if (!history.isEmpty()) return history.at(epoch);
        return _bondCounts(epoch, pool) ? pool.bond / STAKE_UNIT_GWEI : 0;
    }

    /// @dev In thousandths of a DTEL.
    function _bondAt(uint256 nodeId, uint256 epoch, Pool memory pool) internal view returns (uint256) {
        if (_bondCounts(epoch, pool)) return pool.bond / STAKE_UNIT_GWEI;
        return _storage().bondHistory[nodeId].at(epoch);
    }

    function _bondCounts(uint256 epoch, Pool memory pool) private pure returns (bool) {
        return pool.bondFrom != 0 && epoch >= pool.bondFrom;
    }

    /// @dev Writes the pool and, where bond or active stake changed, their histories from the next epoch on.
    /// Returns the stake that is active from then on, in thousandths of a DTEL.
    function _save(uint256 nodeId, Pool memory pool) internal returns (uint256 stake) {
        StakingStorage storage $ = _storage();
        Pool memory old = $.pools[nodeId];
        uint256 fromEpoch = currentEpoch() + 1;
        if (pool.bond != old.bond && old.bondFrom != fromEpoch) {
            if (old.bondFrom != 0) $.bondHistory[nodeId].record(old.bondFrom, old.bond / STAKE_UNIT_GWEI);
            // `EpochHistory` holds epochs to 24 bits: 1,900 years of an hour.
            pool.bondFrom = SafeCast.toUint24(fromEpoch);
        }
        $.pools[nodeId] = pool;

        stake = _activeStake(pool);
        uint256 before = _recordStake($.history[nodeId], old, pool, fromEpoch, stake);
        if (stake == before) return stake;
        uint256 total = $.totalHistory.latest() - before + stake;
        $.totalHistory.record(fromEpoch, total);
        emit StakeChanged(nodeId, fromEpoch, stake * STAKE_UNIT_WEI, total * STAKE_UNIT_WEI);
    }

    /// @dev Records a node's active stake and returns what it was before, in thousandths of a DTEL.
    function _recordStake(
        EpochHistory.History storage history,
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
        // Without a history, all that ever counted is the first bond: the pool's word tells it, and its owner saves a slot.
        before = old.bondFrom == 0 ? 0 : old.bond / STAKE_UNIT_GWEI;
        bool isFirst = old.bondFrom == 0 || old.bondFrom == fromEpoch;
        if (isFirst && pool.shares == 0 && stake == pool.bond / STAKE_UNIT_GWEI) return before;
        history.record(old.bondFrom, before);
        history.record(fromEpoch, stake);
    }

    function _commissionAt(uint256 nodeId, uint256 epoch, Pool memory pool) internal view returns (uint256) {
        if (!pool.hasRise) return pool.commissionBps;
        CommissionRise memory rise = _storage().rises[nodeId];
        return epoch >= rise.fromEpoch ? rise.commissionBps : pool.commissionBps;
    }

    /// @dev Votes were taken back that had no stake behind them: so much of what the node's delegators lost can be burned.
    function _releaseBurn(uint256 nodeId, uint64 votesGwei) internal {
        StakingStorage storage $ = _storage();
        // Some of these votes may be those of a slash that is still open: were it returned, more would be burned than lost.
        if ($.pools[nodeId].openSlashes != 0) return;
        uint64 awaiting = $.awaitingSync[nodeId];
        uint64 released = votesGwei < awaiting ? votesGwei : awaiting;
        if (released == 0) return;
        $.awaitingSync[nodeId] = awaiting - released;
        $.burns.pending += released;
        emit BurnReleased(nodeId, released.toWei());
    }

    /// @dev Pays out. What is backed by units was paid in by the account itself; anything more is income, which may be
    /// credited but not minted yet: other people's stake is not used for it.
    function _pay(address to, uint256 amount, uint256 units) internal {
        if ((amount > units || TOKEN.balanceOf(address(this)) < amount) && DISTRIBUTOR.pendingMint() != 0)
            DISTRIBUTOR.mintPending();
        TOKEN.unstakeTo(to, amount, units);
    }

    function _nonZero(uint256 amount) internal pure returns (uint64) {
        if (amount == 0) revert ZeroAmount();
        return amount.fromWei();
    }

    function _checkOwner(uint256 nodeId) internal view {
        if (REGISTRY.ownerOf(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
    }

    // -------------------------------------------------------------------- time

    function _period() internal view returns (uint256) {
        return _periodAt(block.timestamp);
    }

    function _periodAt(uint256 timestamp) internal view returns (uint256) {
        if (timestamp < GENESIS) revert BeforeGenesis(timestamp, GENESIS);
        return (timestamp - GENESIS) / UNBONDING_SECONDS;
    }

    // ------------------------------------------------------------------- exits

    /// @dev What is left of a request, rounded down.
    function _afterLoss(uint64 requestedGwei, uint256 loss) internal pure returns (uint64) {
        // A part of a 64-bit amount; a loss is less than the whole.
        return uint64((uint256(requestedGwei) * (LOSS_SCALE - loss)) / LOSS_SCALE);
    }

    /// @dev Moves a delegator's exits on to a period: what has waited long enough becomes payable, less what slashes took
    /// of it, and what they took is noted in case it is returned.
    function _rollExits(uint256 nodeId, address delegator, Exit memory exits, uint256 toPeriod) internal {
        uint256 last = exits.period;
        (uint64 fromPrevious, uint64 fromCurrent) = exits.roll(toPeriod);
        if (fromPrevious != 0) exits.matured += _matureExit(nodeId, delegator, last - 1, fromPrevious);
        if (fromCurrent != 0) exits.matured += _matureExit(nodeId, delegator, last, fromCurrent);
    }

    /// @dev The same for a view: in memory, nothing noted.
    function _viewExits(
        uint256 nodeId,
        Exit memory exits
    ) internal view returns (uint64 matured, uint64 waiting) {
        mapping(uint256 period => uint64) storage losses = _storage().exitLosses[nodeId];
        uint256 last = exits.period;
        (uint64 fromPrevious, uint64 fromCurrent) = exits.roll(_period());
        matured = exits.matured;
        if (fromPrevious != 0) matured += _afterLoss(fromPrevious, losses[last - 1]);
        if (fromCurrent != 0) matured += _afterLoss(fromCurrent, losses[last]);
        if (exits.previous != 0) waiting += _afterLoss(exits.previous, losses[exits.period - 1]);
        if (exits.current != 0) waiting += _afterLoss(exits.current, losses[exits.period]);
    }

    function _matureExit(
        uint256 nodeId,
        address delegator,
        uint256 period,
        uint64 requestedGwei
    ) private returns (uint64 left) {
        StakingStorage storage $ = _storage();
        uint64 loss = $.exitLosses[nodeId][period];
        if (loss == 0) return requestedGwei;
        left = _afterLoss(requestedGwei, loss);
        $.paidWithLoss[nodeId][delegator][period] = Loss(requestedGwei, loss);
        emit ExitSlashed(nodeId, delegator, period, (requestedGwei - left).toWei());
    }

    function _storage() internal pure returns (StakingStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
