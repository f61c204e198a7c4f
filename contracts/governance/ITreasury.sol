// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ITreasury
/// @notice The protocol's money: its part of fees, its part of the genesis supply, whatever it is given. Amounts are in
/// the asset's smallest unit, wei for DTEL and the native coin; the native coin is address zero.
/// @dev Every way out passes the outflow limit of its asset when it is decided: payments and burns at once, a stream with
/// all of its amount when it is opened (the tokens are set aside, as if for a vesting wallet), a budget with every
/// payment. A vote that few noticed can take no more than the limit before the others wake up.
interface ITreasury {
    /// @notice Parameters of the limit.
    /// @param windowSeconds The limit is per this time, and takes this long to rise; 30 days on mainnet.
    /// @param limitBps The limit of every asset to begin with, in 1/10,000; 100 to 2,500.
    struct Config {
        uint256 windowSeconds;
        uint256 limitBps;
    }

    /// @notice A grant that is paid evenly over a time, after a cliff.
    /// @param recipient Who is paid.
    /// @param asset In what.
    /// @param start Unix time at which the cliff begins, in seconds.
    /// @param cliffSeconds Nothing vests for so long.
    /// @param durationSeconds Vests evenly over this time after the cliff.
    /// @param cancelled Whether it was ended; then `amount` is what had vested.
    /// @param amount All of it.
    /// @param paid Paid so far.
    struct Stream {
        address recipient;
        uint40 start;
        uint32 cliffSeconds;
        address asset;
        uint32 durationSeconds;
        bool cancelled;
        uint128 amount;
        uint128 paid;
    }

    /// @notice What a spender may spend for a purpose.
    /// @param spender Who decides on single payments.
    /// @param start Unix time at which the first period begins, in seconds.
    /// @param periodSeconds Length of a period.
    /// @param asset In what.
    /// @param spentPeriod The period that `spent` is of.
    /// @param allowance Per period. What is left of it is not carried over.
    /// @param spent In the period `spentPeriod`.
    struct Budget {
        address spender;
        uint40 start;
        uint32 periodSeconds;
        address asset;
        uint40 spentPeriod;
        uint128 allowance;
        uint128 spent;
    }

    /// @notice The limit's parameters are out of bounds.
    error InvalidTreasuryConfig(uint256 windowSeconds, uint256 limitBps);
    /// @notice The amount is zero or above 2^128.
    error InvalidAmount(uint256 amount);
    /// @notice The treasury does not have that much that is not set aside.
    error InsufficientAssets(address asset, uint256 amount, uint256 free);
    /// @notice More than may leave now.
    error OutflowLimitExceeded(address asset, uint256 amount, uint256 available);
    /// @notice A limit is out of bounds, in 1/10,000.
    error LimitOutOfBounds(uint256 limitBps, uint256 min, uint256 max);
    /// @notice The stream's recipient or times make no sense.
    error InvalidStream(address recipient, uint256 start, uint256 cliffSeconds, uint256 durationSeconds);
    /// @notice The stream has paid what has vested, or was never opened.
    error NothingToPush(uint256 streamId);
    /// @notice The stream was cancelled before, has vested, or was never opened.
    error NothingToCancel(uint256 streamId);
    /// @notice The budget's period makes no sense.
    error InvalidBudget(bytes32 purpose, uint256 periodSeconds);
    /// @notice The caller is not the spender of the budget.
    error NotSpender(bytes32 purpose, address caller);
    /// @notice More than is left in this period.
    error BudgetExceeded(bytes32 purpose, uint256 amount, uint256 left);
    /// @notice DTEL is burned, not sold.
    error NotForSale(address asset);
    /// @notice The implementation was not announced, or not long enough ago, or too long ago.
    error UpgradeNotReady(address implementation, uint256 earliest, uint256 latest);

    /// @notice The native coin came in. ERC-20 tokens say so themselves.
    event Received(address indexed from, uint256 amount);
    /// @notice Paid by decision of the authority.
    event Paid(address indexed asset, address indexed to, uint256 amount);
    /// @notice DTEL was burned.
    event Burned(uint256 amount);
    /// @notice Handed to the auction, which sells it for DTEL and burns that.
    event SentToAuction(address indexed asset, uint256 indexed lotId, uint256 amount);
    /// @notice A grant was opened; its amount is set aside.
    event StreamOpened(
        uint256 indexed streamId,
        address indexed recipient,
        address indexed asset,
        uint256 amount,
        uint256 start,
        uint256 cliffSeconds,
        uint256 durationSeconds
    );
    /// @notice What had vested of a grant was paid.
    event StreamPaid(
        uint256 indexed streamId,
        address indexed recipient,
        address indexed asset,
        uint256 amount
    );
    /// @notice A grant ends: the recipient keeps `vested` in all, the rest is no longer set aside.
    event StreamCancelled(uint256 indexed streamId, uint256 vested, uint256 returned);
    /// @notice A budget was set; nothing is spent in it yet.
    event BudgetSet(
        bytes32 indexed purpose,
        address indexed spender,
        address indexed asset,
        uint256 allowance,
        uint256 periodSeconds
    );
    /// @notice Paid out of a budget.
    event BudgetSpent(bytes32 indexed purpose, address indexed to, address indexed asset, uint256 amount);
    /// @notice An asset's limit is this from `effectiveAt` on, in 1/10,000; what was to come before is void.
    event OutflowLimitSet(address indexed asset, uint256 limitBps, uint256 effectiveAt);
    /// @notice The treasury may be upgraded to this implementation from `earliest` to `latest`.
    event UpgradeAnnounced(address indexed implementation, uint256 earliest, uint256 latest);

    /// @notice Pays; only the authority.
    function pay(address asset, address to, uint256 amount) external;

    /// @notice Burns DTEL; only the authority.
    function burn(uint256 amount) external;

    /// @notice Hands another asset to the auction, see `IBuybackAuction.open`; only the authority.
    /// @return lotId The auction's number for it.
    function sell(
        address asset,
        uint256 amount,
        uint256 startPrice,
        uint256 floorPrice,
        uint256 durationSeconds
    ) external returns (uint256 lotId);

    /// @notice Opens a grant; only the authority.
    /// @param asset In what.
    /// @param recipient Who is paid.
    /// @param amount All of it, set aside now.
    /// @param start Unix time at which the cliff begins, in seconds.
    /// @param cliffSeconds Nothing vests for so long, up to 20 years.
    /// @param durationSeconds Vests evenly over this time after the cliff, up to 20 years; 0: when the cliff ends.
    function openStream(
        address asset,
        address recipient,
        uint256 amount,
        uint256 start,
        uint256 cliffSeconds,
        uint256 durationSeconds
    ) external returns (uint256 streamId);

    /// @notice Pays what has vested of a grant to its recipient; anyone.
    function push(uint256 streamId) external returns (uint256 amount);

    /// @notice Ends a grant; only the authority. What has vested stays payable.
    function cancelStream(uint256 streamId) external returns (uint256 returned);

    /// @notice Sets, replaces or, with an allowance of zero, ends a budget; only the authority.
    /// @param purpose Name of the budget.
    /// @param spender Who decides on single payments.
    /// @param asset In what.
    /// @param allowance Per period.
    /// @param periodSeconds A minute to a year.
    function setBudget(
        bytes32 purpose,
        address spender,
        address asset,
        uint256 allowance,
        uint256 periodSeconds
    ) external;

    /// @notice Pays out of a budget; only its spender.
    function spend(bytes32 purpose, address to, uint256 amount) external;

    /// @notice Sets an asset's limit, in 1/10,000 per window; 100 to 2,500; only the authority. A lower one holds at once,
    /// a higher one after a window: a proposal cannot raise the limit for itself or for what comes soon after.
    function setOutflowLimit(address asset, uint256 limitBps) external;

    /// @notice Says to which implementation this may be upgraded, after a window and within the one after; only the
    /// authority. Otherwise an upgrade would be the way round the limit.
    function announceUpgrade(address implementation) external;

    /// @notice Gives the treasury's votes to the inert address, so that they count in no quorum; anyone, once.
    function delegateVotes() external;

    /// @notice What the treasury has of an asset that is not set aside for grants.
    function freeAssets(address asset) external view returns (uint256);

    /// @notice What is set aside for grants.
    function reservedAssets(address asset) external view returns (uint256);

    /// @notice What may leave now of an asset.
    function availableOutflow(address asset) external view returns (uint256);

    /// @notice An asset's limit in force, in 1/10,000 per window.
    function outflowLimitOf(address asset) external view returns (uint256 limitBps);

    /// @notice A higher limit to come, in 1/10,000 per window, and the Unix time from which it holds; zero: none.
    function pendingLimitOf(address asset) external view returns (uint256 limitBps, uint256 effectiveAt);

    /// @notice A grant.
    function streamOf(uint256 streamId) external view returns (Stream memory);

    /// @notice What could be pushed of a grant now.
    function pushableOf(uint256 streamId) external view returns (uint256);

    /// @notice Grants opened so far; their numbers begin with 1.
    function streamCount() external view returns (uint256);

    /// @notice A budget.
    function budgetOf(bytes32 purpose) external view returns (Budget memory);

    /// @notice What its spender could spend of a budget in the running period, the outflow limit left out.
    function budgetLeft(bytes32 purpose) external view returns (uint256);

    /// @notice The announced implementation and when the treasury may be upgraded to it; zero: none.
    function announcedUpgrade()
        external
        view
        returns (address implementation, uint256 earliest, uint256 latest);
}
