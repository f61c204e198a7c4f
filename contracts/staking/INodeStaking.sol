// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title INodeStaking
/// @notice Bonds of owners and pools of delegators, their income and their way out.
/// @dev Amounts are wei at this interface and whole gwei in storage; other amounts are refused. An epoch's stake is
/// what was active as the epoch began. A request to leave in period P is paid from the end of period P + 1 on.
interface INodeStaking {
    /// @notice Staking parameters.
    /// @param minBondWei A node with a smaller bond has no active stake; 1,000 to 250,000 DTEL.
    /// @param delegationCap Delegated stake is at most this many times the bond; 5 to 20.
    /// @param unbondingSeconds Length of an unbonding period; leaving takes one to two of them. At most 30 days.
    struct StakingConfig {
        uint256 minBondWei;
        uint256 delegationCap;
        uint256 unbondingSeconds;
    }

    /// @notice A node's pool as stored; income of the last claims is not yet in `assets`, see `assetsOf`.
    /// @param bond The owner's own stake, in gwei.
    /// @param assets The delegators' stake, in gwei.
    /// @param shares The delegators' shares of it.
    /// @param bondFrom First epoch in which the present bond counts; 0 while there never was one.
    /// @param commissionBps What the owner takes of the delegators' income, in 1/10,000.
    /// @param generation Counts pools that a slash emptied; shares of an older generation are worth nothing.
    /// @param openSlashes Slashes in escrow; the pool takes no delegation while there are any.
    struct Pool {
        uint64 bond;
        uint64 assets;
        uint72 shares;
        uint24 bondFrom;
        uint16 commissionBps;
        uint8 generation;
        uint8 openSlashes;
    }

    /// @notice A pool's income on its way to the delegators, in gwei. 56 bits hold 72 million DTEL; a claim that would not
    /// fit waits for the next epoch, or until the owner has taken income out.
    /// @param streaming What is left to vest until the end of the epoch of `updatedAt`.
    /// @param arriving What arrived in that epoch and streams over the next one.
    /// @param vested What vested and joins the pool's assets when somebody next joins or leaves.
    /// @param ownerIncome What the owner may claim.
    /// @param updatedAt Unix time in seconds up to which income has vested.
    struct IncomeStream {
        uint56 streaming;
        uint56 arriving;
        uint56 vested;
        uint56 ownerIncome;
        uint32 updatedAt;
    }

    /// @notice A delegator's position in one pool.
    /// @param shares Shares of the pool.
    /// @param units Voting units held through this position, in gwei; never more than its value.
    /// @param generation The pool's generation that the shares belong to.
    struct Position {
        uint72 shares;
        uint64 units;
        uint8 generation;
    }

    /// @notice What somebody has asked to take out.
    /// @param matured Payable now, in gwei, as of the last touch.
    /// @param previous Requested in the period before `period`, in gwei.
    /// @param current Requested in `period`, in gwei.
    /// @param period The period of the last request.
    struct Exit {
        uint64 matured;
        uint64 previous;
        uint64 current;
        uint64 period;
    }

    /// @notice Staking parameters are out of bounds.
    error InvalidStakingConfig(uint256 minBondWei, uint256 delegationCap, uint256 unbondingSeconds);
    /// @notice Only the node's owner may do this.
    error NotNodeOwner(uint256 nodeId, address caller);
    /// @notice An amount or a number of shares is zero.
    error ZeroAmount();
    /// @notice The delegation would give fewer shares than the caller asked for.
    error TooFewShares(uint256 shares, uint256 minShares);
    /// @notice The caller holds fewer shares in this pool.
    error InsufficientShares(uint256 requested, uint256 held);
    /// @notice The bond is smaller than what was asked for.
    error InsufficientBond(uint256 requestedWei, uint256 bondWei);
    /// @notice The bond is, or would be, below the minimum or too small for what is delegated.
    error BondTooLow(uint256 leftWei, uint256 requiredWei);
    /// @notice The pool may not hold that much on this bond.
    error DelegationCapExceeded(uint256 assetsWei, uint256 capWei);
    /// @notice Nothing is payable yet.
    error NothingToWithdraw(uint256 nodeId, address account);
    /// @notice The commission is above the maximum or, once the node is bonded, above the present one.
    error CommissionTooHigh(uint256 commissionBps, uint256 limitBps);
    /// @notice Fees that were credited are not here yet: `PaymentEscrow.flush` the closed epochs, then call again.
    /// @param requiredWei The payment and what votes through stake after it.
    error PayoutShort(uint256 requiredWei, uint256 balanceWei);

    /// @notice The owner added to the bond.
    event Bonded(uint256 indexed nodeId, address indexed owner, uint256 amount);
    /// @notice The owner asked to take out a part of the bond; payable after `period` + 1 has ended.
    event BondExitRequested(uint256 indexed nodeId, address indexed owner, uint256 amount, uint256 period);
    /// @notice The owner was paid a part of the bond.
    event BondWithdrawn(uint256 indexed nodeId, address indexed owner, uint256 amount);
    /// @notice A delegator joined or added.
    event Delegated(uint256 indexed nodeId, address indexed delegator, uint256 amount, uint256 shares);
    /// @notice A delegator gave back shares; `amount` is payable after `period` + 1 has ended.
    event UndelegateRequested(
        uint256 indexed nodeId,
        address indexed delegator,
        uint256 shares,
        uint256 amount,
        uint256 period
    );
    /// @notice A delegator was paid.
    event Withdrawn(uint256 indexed nodeId, address indexed delegator, uint256 amount);
    /// @notice Income arrived: the owner's part is claimable, the pool's streams over the next epoch.
    event IncomeCredited(uint256 indexed nodeId, uint256 toOwner, uint256 toPool);
    /// @notice Vested income became part of the pool's assets; or, when the last delegator left, what it left to the owner.
    event IncomeVested(uint256 indexed nodeId, uint256 toPool, uint256 toOwner);
    /// @notice The owner was paid income.
    event OwnerIncomeClaimed(uint256 indexed nodeId, address indexed owner, uint256 amount);
    /// @notice The node's active stake from an epoch on, and that of the network, in wei, whole thousandths of a DTEL.
    event StakeChanged(uint256 indexed nodeId, uint256 indexed fromEpoch, uint256 stake, uint256 totalStake);
    /// @notice The owner takes another part of the delegators' income from now on.
    event CommissionChanged(uint256 indexed nodeId, uint256 commissionBps);

    /// @notice Adds to a node's bond; only its owner, who has approved this contract.
    /// @param amount In wei, whole gwei.
    function bond(uint256 nodeId, uint256 amount) external;

    /// @notice Asks to take out a part of the bond; only the owner. What is left is at least the minimum bond and
    /// enough for what is delegated, or nothing at all.
    /// @param amount In wei, whole gwei.
    function requestUnbond(uint256 nodeId, uint256 amount) external;

    /// @notice Pays what has matured of the bond's exits to the owner; only the owner.
    /// @return amount Paid, in wei.
    function withdrawBond(uint256 nodeId) external returns (uint256 amount);

    /// @notice Delegates to a node's pool; the caller has approved this contract.
    /// @param amount In wei, whole gwei.
    /// @param minShares The fewest shares the caller accepts.
    /// @return shares Received.
    function delegate(uint256 nodeId, uint256 amount, uint256 minShares) external returns (uint256 shares);

    /// @notice Gives back shares for what they are worth now. Shares worth less than a gwei go with the last ones only.
    /// @return amount Payable later, in wei.
    function requestUndelegate(uint256 nodeId, uint256 shares) external returns (uint256 amount);

    /// @notice Pays the caller what has matured of its exits from a pool.
    /// @return amount Paid, in wei.
    function withdraw(uint256 nodeId) external returns (uint256 amount);

    /// @notice Pays the owner's income; only the owner.
    /// @return amount Paid, in wei.
    function claimOwnerIncome(uint256 nodeId) external returns (uint256 amount);

    /// @notice Sets the commission at once; only the owner. Up to the maximum before the first bond, after that it may
    /// only fall.
    /// @param commissionBps In 1/10,000, at most 5,000.
    function setCommission(uint256 nodeId, uint256 commissionBps) external;

    /// @notice Credits a node's income of an epoch; only the reward distributor. The tokens arrive by mint and flush.
    /// Bond and pool share it as they stood in that epoch, so that joining, adding or leaving before the claim changes
    /// nothing; as they stand now where the node had no active stake.
    /// @param amount In wei; less than a gwei is dropped.
    function creditIncome(uint256 nodeId, uint256 epoch, uint256 amount) external;

    /// @notice A pool as stored.
    function poolOf(uint256 nodeId) external view returns (Pool memory);

    /// @notice A pool's income stream as stored.
    function streamOf(uint256 nodeId) external view returns (IncomeStream memory);

    /// @notice What the delegators of a pool own now, vested income included, in wei.
    function assetsOf(uint256 nodeId) external view returns (uint256);

    /// @notice What a node's owner could claim now, in wei.
    function ownerIncomeOf(uint256 nodeId) external view returns (uint256);

    /// @notice A delegator's position.
    function positionOf(uint256 nodeId, address delegator) external view returns (Position memory);

    /// @notice What a delegator's shares are worth now, in wei.
    function delegationOf(uint256 nodeId, address delegator) external view returns (uint256);

    /// @notice A delegator's exits: payable now, and still waiting, in wei.
    function exitOf(
        uint256 nodeId,
        address delegator
    ) external view returns (uint256 payableNow, uint256 waiting);

    /// @notice The bond's exits: payable now, and still waiting, in wei.
    function bondExitOf(uint256 nodeId) external view returns (uint256 payableNow, uint256 waiting);

    /// @notice A node's active stake as an epoch began, in wei, whole thousandths of a DTEL. For the last 256 epochs.
    function stakeAt(uint256 nodeId, uint256 epoch) external view returns (uint256);

    /// @notice A node's bond as an epoch began, in wei, whole thousandths of a DTEL. For the last 256 epochs.
    function bondAt(uint256 nodeId, uint256 epoch) external view returns (uint256);

    /// @notice The network's active stake as an epoch began: the sum of the nodes'. For the last 256 epochs.
    function totalStakeAt(uint256 epoch) external view returns (uint256);

    /// @notice What a pool's delegators have asked to take out and is not payable yet, in wei, by period of request.
    function unbondingOf(uint256 nodeId) external view returns (uint256 thisPeriod, uint256 lastPeriod);

    /// @notice The unbonding period that is running.
    function currentPeriod() external view returns (uint256);
}
