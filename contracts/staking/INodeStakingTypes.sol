// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title INodeStakingTypes
/// @notice Structs, errors and events of `INodeStaking`.
interface INodeStakingTypes {
    /// @notice Staking parameters.
    /// @param minBondWei A node with a smaller bond has no active stake; whole DTEL, 1,000 to 250,000. Governed from there.
    /// @param delegationCap Delegated stake is at most this many times the bond; 5 to 20. Governed from there.
    /// @param unbondingSeconds Length of an unbonding period; leaving takes one to two of them. At most 30 days.
    /// @param commissionNoticeSeconds From the announcement of a higher commission to its effect; more than two
    /// unbonding periods, so that who does not agree is out before.
    struct StakingConfig {
        uint256 minBondWei;
        uint256 delegationCap;
        uint256 unbondingSeconds;
        uint256 commissionNoticeSeconds;
    }

    /// @notice A node's pool as stored; income of the last claims is not yet in `assets`, see `assetsOf`.
    /// @param bond The owner's own stake, in gwei.
    /// @param assets The delegators' stake, in gwei.
    /// @param shares The delegators' shares of it.
    /// @param bondFrom First epoch in which the present bond counts; 0 while there never was one.
    /// @param commissionBps What the owner takes of the delegators' income, in 1/10,000; of epochs before a rise, see
    /// `commissionRiseOf`.
    /// @param hasRise Whether a rise of the commission was ever announced.
    /// @param openSlashes Slashes in escrow; the pool takes no delegation while there are any.
    struct Pool {
        uint64 bond;
        uint64 assets;
        uint72 shares;
        uint24 bondFrom;
        uint16 commissionBps;
        bool hasRise;
        uint8 openSlashes;
    }

    /// @notice The last rise of a commission that was announced.
    /// @param commissionBps From `fromEpoch` on, in 1/10,000.
    /// @param fromEpoch First epoch whose income it applies to.
    struct CommissionRise {
        uint16 commissionBps;
        uint24 fromEpoch;
    }

    /// @notice What a slash took, and from where, in gwei. A slash that is not upheld goes back exactly there.
    /// @param bond From the bond.
    /// @param bondExitPrevious From the bond's exits of the period before `period`.
    /// @param bondExitCurrent From the bond's exits of `period`.
    /// @param pool From the pool's assets.
    /// @param exitPrevious From the delegators' exits of the period before `period`.
    /// @param exitCurrent From the delegators' exits of `period`.
    /// @param lossPrevious What the exits of the period before lost, in 1e-18 of what was asked for.
    /// @param lossCurrent What the exits of `period` lost, in 1e-18 of what was asked for.
    /// @param period The unbonding period in which the slash happened.
    struct SlashTaken {
        uint64 bond;
        uint64 bondExitPrevious;
        uint64 bondExitCurrent;
        uint64 pool;
        uint64 exitPrevious;
        uint64 exitCurrent;
        uint64 lossPrevious;
        uint64 lossCurrent;
        uint64 period;
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
    /// @param units Voting units held through this position, in gwei; after a slash, until `syncVotes`, they may be more
    /// than its value.
    struct Position {
        uint72 shares;
        uint64 units;
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

    /// @notice What an epoch brings a node, in wei.
    /// @param fees The stakers' part of what apps paid.
    /// @param work The work reward.
    /// @param availability What all stake of the network together would earn at this node's audit score.
    /// @param totalStake All active stake of the network as the epoch began.
    struct EpochIncome {
        uint256 fees;
        uint256 work;
        uint256 availability;
        uint256 totalStake;
    }

    /// @notice Staking parameters are out of bounds.
    error InvalidStakingConfig(uint256 minBondWei, uint256 delegationCap, uint256 unbondingSeconds);
    /// @notice The notice of a commission rise is not longer than two unbonding periods.
    error InvalidCommissionNotice(uint256 noticeSeconds, uint256 unbondingSeconds);
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
    /// @notice The commission is above the maximum, above the present one where it may only fall, or rises by too much.
    error CommissionTooHigh(uint256 commissionBps, uint256 limitBps);
    /// @notice A rise that is not higher than the present commission.
    error CommissionNotHigher(uint256 commissionBps, uint256 presentBps);
    /// @notice The last rise is pending, or so recent that epochs before it can still be claimed.
    error RisePending(uint256 nodeId, uint256 fromEpoch);
    /// @notice A slash of this node is in escrow: its pool takes no delegation, and votes are not taken back.
    error SlashOpen(uint256 nodeId, uint256 openSlashes);
    /// @notice The units of this position are not more than it is worth.
    error NothingToSync(uint256 nodeId, address account);
    /// @notice A slash never takes more than this of a pool.
    error PoolSlashTooHigh(uint256 poolLimitBps, uint256 maxBps);
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
    /// @notice The owner will take a larger part of the income of `fromEpoch` and later ones.
    event CommissionRiseAnnounced(uint256 indexed nodeId, uint256 commissionBps, uint256 fromEpoch);
    /// @notice A slash took stake into escrow; amounts in gwei.
    event StakeSlashed(uint256 indexed nodeId, SlashTaken taken);
    /// @notice A slash was upheld: `bounty` wei were paid to `reporter`, `toBurn` wei wait for `burnPending`, and
    /// `awaitingSync` wei, which delegators lost, until their votes are taken back.
    event SlashBurned(
        uint256 indexed nodeId,
        address indexed reporter,
        uint256 bounty,
        uint256 toBurn,
        uint256 awaitingSync
    );
    /// @notice Votes were taken back: so many wei more wait for `burnPending`.
    event BurnReleased(uint256 indexed nodeId, uint256 amount);
    /// @notice A slash was not upheld: everything is back where it came from, amounts in gwei; `awaitingSync`
    /// wei had no delegator left to go back to, and are burned like those of a slash that is upheld.
    event SlashReturned(uint256 indexed nodeId, SlashTaken taken, uint256 awaitingSync);
    /// @notice Upheld slashes were burned, in wei.
    event SlashesFlushed(uint256 amount);
    /// @notice Somebody who had left before a slash was returned is owed its part of that, in wei; `withdraw` pays it.
    event ExitRestored(
        uint256 indexed nodeId,
        address indexed delegator,
        uint256 indexed period,
        uint256 amount
    );
    /// @notice Exits of a period became payable less what a slash took of them, in wei.
    event ExitSlashed(
        uint256 indexed nodeId,
        address indexed delegator,
        uint256 indexed period,
        uint256 lost
    );
    /// @notice Votes that a slash had left without stake were taken back, in wei.
    event VotesSynced(uint256 indexed nodeId, address indexed account, uint256 units);
    /// @notice What a node must bond and how much may be delegated on it, from now on.
    event StakeLimitsChanged(uint256 minBondWei, uint256 delegationCap);
}
