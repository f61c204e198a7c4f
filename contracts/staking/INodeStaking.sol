// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {INodeStakingTypes} from "./INodeStakingTypes.sol";

/// @title INodeStaking
/// @notice Bonds of owners and pools of delegators, their income and their way out.
/// @dev Amounts are wei at this interface and whole gwei in storage; other amounts are refused. An epoch's stake is
/// what was active as the epoch began. A request to leave in period P is paid from the end of period P + 1 on.
interface INodeStaking is INodeStakingTypes {
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

    /// @notice Announces a higher commission; only the owner. It applies to epochs that begin after the notice, is at most
    /// 500 above the present one, and follows the last rise by 256 epochs at least: what was earned before a rise is
    /// never charged with it, whenever it is claimed.
    /// @param commissionBps In 1/10,000, at most 5,000.
    function announceCommission(uint256 nodeId, uint256 commissionBps) external;

    /// @notice Credits a node's income of an epoch; only the reward distributor. Tokens of fees are here, those of rewards
    /// are minted before income is paid. Bond and pool share it as they stood in that epoch, so that joining, adding or
    /// leaving before the claim changes nothing; as they stand now where the node had no active stake.
    /// @param income What there is to share, see `EpochIncome`.
    /// @return work Credited of the work reward, in wei: nothing to a node without active stake in the epoch.
    /// @return availability Credited for stake, in wei, whole gwei.
    function creditIncome(
        uint256 nodeId,
        uint256 epoch,
        EpochIncome calldata income
    ) external returns (uint256 work, uint256 availability);

    /// @notice Takes stake into escrow for a fault; only the penalty manager. The bond first, then the bond's own exits,
    /// then pool and exits of delegators pro rata, up to a limit, and those once per unbonding period at most. Takes what
    /// there is. Exits asked for in periods before the fault are not touched.
    /// @param faultAt Unix time of the fault, in seconds.
    /// @param amount In wei, whole gwei.
    /// @param poolLimitBps Most that pool and delegators' exits lose, in 1/10,000 of them; at most 500.
    function slash(
        uint256 nodeId,
        uint256 faultAt,
        uint256 amount,
        uint256 poolLimitBps
    ) external returns (SlashTaken memory taken);

    /// @notice Ends a slash that is upheld; only the penalty manager. Pays the bounty and takes the owner's votes of the
    /// lost bond; the rest waits for `burnPending`.
    /// @param bounty In wei, at most what was taken from the bond.
    function burnSlashed(
        uint256 nodeId,
        SlashTaken calldata taken,
        address reporter,
        uint256 bounty
    ) external;

    /// @notice Ends a slash that is not upheld; only the penalty manager. Each part goes back to where it came from; who
    /// left meanwhile finds his part by `withdraw`.
    function returnSlashed(uint256 nodeId, SlashTaken calldata taken) external;

    /// @notice Burns what upheld slashes took and nobody votes with; anyone. What delegators lost comes to it as their votes
    /// are taken back, see `syncVotes`.
    function burnPending() external;

    /// @notice Takes back votes that upheld slashes have left without stake; anyone, while no slash of the node is open.
    function syncVotes(uint256 nodeId, address delegator) external;

    /// @notice Works out what a returned slash owes somebody who had left before; anyone. `withdraw` then pays it.
    /// @param period The unbonding period of the request.
    function restoreExit(uint256 nodeId, address delegator, uint256 period) external;

    /// @notice Sets the minimum bond and the cap on delegation; only the authority. Nodes keep what they have until they
    /// change it.
    /// @param minBondWei Whole DTEL, 1,000 to 250,000.
    /// @param delegationCap 5 to 20.
    function setStakeLimits(uint256 minBondWei, uint256 delegationCap) external;

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

    /// @notice A delegator's exits: payable now, and still waiting, in wei, less what slashes took.
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

    /// @notice What a pool's delegators have asked to take out of late, in wei, slashes not taken off.
    /// @param nodeId The pool's node.
    /// @return period The running period, or the next one where the pool was slashed in this.
    /// @return requestedIn Asked for in that period.
    /// @return requestedBefore Asked for in the period before that.
    function unbondingOf(
        uint256 nodeId
    ) external view returns (uint256 period, uint256 requestedIn, uint256 requestedBefore);

    /// @notice What the owner takes of the delegators' income of an epoch, in 1/10,000; of a coming one, as announced so far.
    function commissionAt(uint256 nodeId, uint256 epoch) external view returns (uint256);

    /// @notice The last rise of a node's commission, zero where there was none.
    function commissionRiseOf(uint256 nodeId) external view returns (CommissionRise memory);

    /// @notice What exits of a period lost by slashes, in 1e-18 of what was asked for.
    function exitLossOf(uint256 nodeId, uint256 period) external view returns (uint256);

    /// @notice Upheld slashes that wait to be burned, in wei.
    function pendingBurn() external view returns (uint256);

    /// @notice A node's bond now, in wei.
    function bondOf(uint256 nodeId) external view returns (uint256);

    /// @notice What upheld slashes took of a node's delegators and is burned once their votes are taken back, in wei. Where income
    /// has made up for the loss, the votes stay backed, and it is never burned.
    function burnAwaitingSync(uint256 nodeId) external view returns (uint256);

    /// @notice What slashes have taken for good, bounties left out, in wei.
    function totalSlashed() external view returns (uint256);

    /// @notice What a node must bond at least, in wei.
    function minBond() external view returns (uint256);

    /// @notice Delegated stake is at most this many times the bond.
    function delegationCap() external view returns (uint256);

    /// @notice Length of an unbonding period, in seconds.
    function unbondingSeconds() external view returns (uint256);

    /// @notice The unbonding period that is running.
    function currentPeriod() external view returns (uint256);
}
