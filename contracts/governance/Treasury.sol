// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Managed} from "../base/Managed.sol";
import {LinearVesting} from "../token/LinearVesting.sol";
import {Assets} from "./Assets.sol";
import {IBuybackAuction} from "./IBuybackAuction.sol";
import {InertVotes} from "./InertVotes.sol";
import {ITreasury} from "./ITreasury.sol";
import {OutflowLimit} from "./OutflowLimit.sol";

/// @title Treasury
/// @notice The protocol's money and the ways out of it. See `ITreasury`.
/// @dev `_release` is the only way past the limit's door, and every function that lets something go passes it but `push`,
/// whose stream passed it when it was opened.
contract Treasury is ITreasury, ReentrancyGuardTransient, Managed {
    using OutflowLimit for OutflowLimit.Bucket;
    using SafeERC20 for IERC20;

    /// @notice The contracts that this one works with.
    struct Peers {
        address token;
        address auction;
    }

    /// @custom:storage-location erc7201:dtelecom.Treasury
    struct TreasuryStorage {
        mapping(address asset => OutflowLimit.Bucket) buckets;
        mapping(address asset => uint256) reserved;
        mapping(uint256 streamId => Stream) streams;
        uint256 streamCount;
        mapping(bytes32 purpose => Budget) budgets;
        address announced;
        uint40 announcedAt;
    }

    uint256 private constant MIN_LIMIT_BPS = 100;
    uint256 private constant MAX_LIMIT_BPS = 2_500;
    uint256 private constant MIN_PERIOD_SECONDS = 60;
    uint256 private constant MAX_PERIOD_SECONDS = 365 days;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.Treasury")) - 1)) & ~bytes32(uint256(0xff));

    address private immutable TOKEN;
    address private immutable AUCTION;
    /// @notice Limits are per this time; a higher limit and an upgrade wait as long, in seconds.
    uint256 public immutable WINDOW_SECONDS;
    uint256 private immutable FIRST_LIMIT_BPS;

    constructor(address authority_, Peers memory peers, Config memory config) Managed(authority_) {
        if (peers.token == address(0) || peers.auction == address(0)) revert ZeroAddress();
        if (
            config.windowSeconds < 60 ||
            config.windowSeconds > 90 days ||
            config.limitBps < MIN_LIMIT_BPS ||
            config.limitBps > MAX_LIMIT_BPS
        ) revert InvalidTreasuryConfig(config.windowSeconds, config.limitBps);
        TOKEN = peers.token;
        AUCTION = peers.auction;
        WINDOW_SECONDS = config.windowSeconds;
        FIRST_LIMIT_BPS = config.limitBps;
    }

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    // ------------------------------------------------------------------ payments

    /// @inheritdoc ITreasury
    function pay(address asset, address to, uint256 amount) external onlyAuthority nonReentrant {
        _release(asset, amount);
        emit Paid(asset, to, amount);
        Assets.send(asset, to, amount);
    }

    /// @inheritdoc ITreasury
    function burn(uint256 amount) external onlyAuthority nonReentrant {
        _release(TOKEN, amount);
        emit Burned(amount);
        ERC20Burnable(TOKEN).burn(amount);
    }

    /// @inheritdoc ITreasury
    function sell(
        address asset,
        uint256 amount,
        uint256 startPrice,
        uint256 floorPrice,
        uint256 durationSeconds
    ) external onlyAuthority nonReentrant returns (uint256 lotId) {
        if (asset == TOKEN) revert NotForSale(asset);
        _release(asset, amount);
        uint256 value = asset == Assets.NATIVE ? amount : 0;
        if (value == 0) IERC20(asset).forceApprove(AUCTION, amount);
        lotId = IBuybackAuction(AUCTION).open{value: value}(
            asset,
            amount,
            startPrice,
            floorPrice,
            durationSeconds
        );
        // The number is the auction's to give, and nothing can enter here in between.
        // solhint-disable-next-line reentrancy
        emit SentToAuction(asset, lotId, amount);
    }

    // ------------------------------------------------------------------ grants

    /// @inheritdoc ITreasury
    function openStream(
        address asset,
        address recipient,
        uint256 amount,
        uint256 start,
        uint256 cliffSeconds,
        uint256 durationSeconds
    ) external onlyAuthority nonReentrant returns (uint256 streamId) {
        if (recipient == address(0) || !LinearVesting.isValid(start, cliffSeconds, durationSeconds))
            revert InvalidStream(recipient, start, cliffSeconds, durationSeconds);
        _release(asset, amount);
        TreasuryStorage storage $ = _storage();
        $.reserved[asset] += amount;
        streamId = ++$.streamCount;
        // Times and amounts were checked above.
        $.streams[streamId] = Stream({
            recipient: recipient,
            start: uint40(start),
            cliffSeconds: uint32(cliffSeconds),
            asset: asset,
            durationSeconds: uint32(durationSeconds),
            cancelled: false,
            amount: uint128(amount),
            paid: 0
        });
        emit StreamOpened(streamId, recipient, asset, amount, start, cliffSeconds, durationSeconds);
    }

    /// @inheritdoc ITreasury
    function push(uint256 streamId) external nonReentrant returns (uint256 amount) {
        TreasuryStorage storage $ = _storage();
        Stream memory stream = $.streams[streamId];
        amount = _vested(stream) - stream.paid;
        if (amount == 0) revert NothingToPush(streamId);
        // At most the stream's amount.
        $.streams[streamId].paid = stream.paid + uint128(amount);
        $.reserved[stream.asset] -= amount;
        emit StreamPaid(streamId, stream.recipient, stream.asset, amount);
        Assets.send(stream.asset, stream.recipient, amount);
    }

    /// @inheritdoc ITreasury
    function cancelStream(uint256 streamId) external onlyAuthority nonReentrant returns (uint256 returned) {
        TreasuryStorage storage $ = _storage();
        Stream memory stream = $.streams[streamId];
        uint256 vested = _vested(stream);
        returned = stream.amount - vested;
        if (returned == 0) revert NothingToCancel(streamId);
        // At most the stream's amount.
        $.streams[streamId].amount = uint128(vested);
        $.streams[streamId].cancelled = true;
        $.reserved[stream.asset] -= returned;
        emit StreamCancelled(streamId, vested, returned);
    }

    // ------------------------------------------------------------------ budgets

    /// @inheritdoc ITreasury
    function setBudget(
        bytes32 purpose,
        address spender,
        address asset,
        uint256 allowance,
        uint256 periodSeconds
    ) external onlyAuthority {
        if (periodSeconds < MIN_PERIOD_SECONDS || periodSeconds > MAX_PERIOD_SECONDS)
            revert InvalidBudget(purpose, periodSeconds);
        if (allowance > type(uint128).max) revert InvalidAmount(allowance);
        Assets.check(asset);
        // Checked above; the time has 40 bits for 34,000 years.
        _storage().budgets[purpose] = Budget({
            spender: spender,
            start: uint40(block.timestamp),
            periodSeconds: uint32(periodSeconds),
            asset: asset,
            spentPeriod: 0,
            allowance: uint128(allowance),
            spent: 0
        });
        emit BudgetSet(purpose, spender, asset, allowance, periodSeconds);
    }

    /// @inheritdoc ITreasury
    function spend(bytes32 purpose, address to, uint256 amount) external nonReentrant {
        Budget memory budget = _currentBudget(purpose);
        if (msg.sender != budget.spender) revert NotSpender(purpose, msg.sender);
        uint256 left = budget.allowance - budget.spent;
        if (amount > left) revert BudgetExceeded(purpose, amount, left);
        _release(budget.asset, amount);
        // At most the allowance.
        budget.spent += uint128(amount);
        _storage().budgets[purpose] = budget;
        emit BudgetSpent(purpose, to, budget.asset, amount);
        Assets.send(budget.asset, to, amount);
    }

    // ------------------------------------------------------------------ limits, upgrades, votes

    /// @inheritdoc ITreasury
    function setOutflowLimit(address asset, uint256 limitBps) external onlyAuthority {
        if (limitBps < MIN_LIMIT_BPS || limitBps > MAX_LIMIT_BPS)
            revert LimitOutOfBounds(limitBps, MIN_LIMIT_BPS, MAX_LIMIT_BPS);
        Assets.check(asset);
        OutflowLimit.Bucket memory bucket = _bucket(asset, freeAssets(asset));
        uint256 effectiveAt = block.timestamp;
        // Bounds were checked above; the time has 40 bits for 34,000 years.
        if (limitBps > bucket.limitBps) {
            effectiveAt += WINDOW_SECONDS;
            bucket.pendingBps = uint16(limitBps);
            bucket.pendingAt = uint40(effectiveAt);
        } else {
            bucket.limitBps = uint16(limitBps);
            bucket.pendingBps = 0;
            bucket.pendingAt = 0;
        }
        _storage().buckets[asset] = bucket;
        emit OutflowLimitSet(asset, limitBps, effectiveAt);
    }

    /// @inheritdoc ITreasury
    function announceUpgrade(address implementation) external onlyAuthority {
        TreasuryStorage storage $ = _storage();
        $.announced = implementation;
        // 40 bits last for 34,000 years.
        $.announcedAt = uint40(block.timestamp);
        (, uint256 earliest, uint256 latest) = announcedUpgrade();
        emit UpgradeAnnounced(implementation, earliest, latest);
    }

    /// @notice Upgrades to what was announced; only the authority.
    function upgradeToAndCall(address implementation, bytes memory data) public payable override {
        (address announced, uint256 earliest, uint256 latest) = announcedUpgrade();
        if (
            implementation != announced ||
            implementation == address(0) ||
            block.timestamp < earliest ||
            block.timestamp > latest
        ) revert UpgradeNotReady(implementation, earliest, latest);
        _storage().announced = address(0);
        // Checks the caller.
        super.upgradeToAndCall(implementation, data);
    }

    /// @inheritdoc ITreasury
    function delegateVotes() external {
        IVotes(TOKEN).delegate(InertVotes.ADDRESS);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ITreasury
    function reservedAssets(address asset) external view returns (uint256) {
        return _storage().reserved[asset];
    }

    /// @inheritdoc ITreasury
    function availableOutflow(address asset) external view returns (uint256) {
        uint256 free = freeAssets(asset);
        uint256 available = _bucket(asset, free).available(free);
        return available < free ? available : free;
    }

    /// @inheritdoc ITreasury
    function outflowLimitOf(address asset) external view returns (uint256) {
        return _bucket(asset, freeAssets(asset)).limitBps;
    }

    /// @inheritdoc ITreasury
    function pendingLimitOf(address asset) external view returns (uint256 limitBps, uint256 effectiveAt) {
        OutflowLimit.Bucket memory bucket = _bucket(asset, freeAssets(asset));
        return (bucket.pendingBps, bucket.pendingAt);
    }

    /// @inheritdoc ITreasury
    function streamOf(uint256 streamId) external view returns (Stream memory) {
        return _storage().streams[streamId];
    }

    /// @inheritdoc ITreasury
    function pushableOf(uint256 streamId) external view returns (uint256) {
        Stream memory stream = _storage().streams[streamId];
        return _vested(stream) - stream.paid;
    }

    /// @inheritdoc ITreasury
    function streamCount() external view returns (uint256) {
        return _storage().streamCount;
    }

    /// @inheritdoc ITreasury
    function budgetOf(bytes32 purpose) external view returns (Budget memory) {
        return _storage().budgets[purpose];
    }

    /// @inheritdoc ITreasury
    function budgetLeft(bytes32 purpose) external view returns (uint256) {
        Budget memory budget = _currentBudget(purpose);
        return budget.allowance - budget.spent;
    }

    /// @inheritdoc ITreasury
    function freeAssets(address asset) public view returns (uint256) {
        return Assets.held(asset) - _storage().reserved[asset];
    }

    /// @inheritdoc ITreasury
    function announcedUpgrade()
        public
        view
        returns (address implementation, uint256 earliest, uint256 latest)
    {
        TreasuryStorage storage $ = _storage();
        implementation = $.announced;
        if (implementation != address(0)) {
            earliest = $.announcedAt + WINDOW_SECONDS;
            latest = earliest + WINDOW_SECONDS;
        }
    }

    // ------------------------------------------------------------------ the door

    /// @dev Lets an amount of an asset go, or be set aside, as far as the limit allows.
    function _release(address asset, uint256 amount) private {
        Assets.check(asset);
        if (amount == 0 || amount > type(uint128).max) revert InvalidAmount(amount);
        uint256 free = freeAssets(asset);
        if (amount > free) revert InsufficientAssets(asset, amount, free);
        OutflowLimit.Bucket memory bucket = _bucket(asset, free);
        uint256 available = bucket.available(free);
        if (amount > available) revert OutflowLimitExceeded(asset, amount, available);
        // At most what the bucket holds, a share of 2^129.
        bucket.level += uint128(amount);
        _storage().buckets[asset] = bucket;
    }

    function _bucket(address asset, uint256 free) private view returns (OutflowLimit.Bucket memory) {
        return _storage().buckets[asset].current(free, FIRST_LIMIT_BPS, WINDOW_SECONDS, block.timestamp);
    }

    /// @dev A budget as of the running period.
    function _currentBudget(bytes32 purpose) private view returns (Budget memory budget) {
        budget = _storage().budgets[purpose];
        if (budget.periodSeconds == 0) return budget;
        uint256 period = (block.timestamp - budget.start) / budget.periodSeconds;
        if (period != budget.spentPeriod) {
            // 40 bits are more periods than there are seconds in 34,000 years.
            budget.spentPeriod = uint40(period);
            budget.spent = 0;
        }
    }

    /// @dev What has vested of a grant; what had, if it was cancelled.
    function _vested(Stream memory stream) private view returns (uint256) {
        if (stream.cancelled) return stream.amount;
        return
            LinearVesting.vestedAt(
                stream.amount,
                stream.start,
                stream.cliffSeconds,
                stream.durationSeconds,
                block.timestamp
            );
    }

    function _storage() private pure returns (TreasuryStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
