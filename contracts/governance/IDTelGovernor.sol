// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IAppealWindow} from "./IAppealWindow.sol";
import {IGovernanceCycle} from "./IGovernanceCycle.sol";
import {IProtocolAccessManager} from "./IProtocolAccessManager.sol";

/// @title IDTelGovernor
/// @notice What the protocol adds to OpenZeppelin's `Governor`: a quorum of what can vote, bounds, who may cancel, a
/// limit of proposals, decisions that lapse. Events are OpenZeppelin's.
interface IDTelGovernor is IGovernanceCycle {
    /// @notice The contracts that this one works with.
    /// @param token DTEL: votes of balances and of stake.
    /// @param timelock Executes.
    /// @param manager Says who may cancel beside the proposer.
    /// @param penalties Says how long a slash can be overturned.
    struct Peers {
        IVotes token;
        TimelockController timelock;
        IProtocolAccessManager manager;
        IAppealWindow penalties;
    }

    /// @notice What voters decide on, within bounds.
    /// @param votingDelaySeconds From the proposal to the vote.
    /// @param votingPeriodSeconds Length of the vote.
    /// @param lateQuorumSeconds The vote goes on for at least this long after the quorum was reached.
    /// @param proposalThresholdWei Votes that a proposer needs, in wei; 1,000 DTEL to 0.5 % of the supply.
    /// @param quorumBps Votes for and abstaining that a proposal needs, in 1/10,000 of what can vote; 200 to 1,000.
    struct Settings {
        uint48 votingDelaySeconds;
        uint32 votingPeriodSeconds;
        uint48 lateQuorumSeconds;
        uint256 proposalThresholdWei;
        uint256 quorumBps;
    }

    /// @notice What times can never fall below in this deployment, in seconds.
    struct Bounds {
        uint48 minVotingDelaySeconds;
        uint32 minVotingPeriodSeconds;
        uint48 minLateQuorumSeconds;
    }

    /// @notice An address that must be set is zero.
    error ZeroPeer();
    /// @notice A time is out of bounds, in seconds.
    error TimeOutOfBounds(uint256 value, uint256 min, uint256 max);
    /// @notice The threshold of proposals is out of bounds, in wei.
    error ThresholdOutOfBounds(uint256 value, uint256 min, uint256 max);
    /// @notice The quorum is out of bounds, in 1/10,000.
    error QuorumOutOfBounds(uint256 value, uint256 min, uint256 max);
    /// @notice As many of the proposer's proposals wait for a vote or are voted on as one proposer may have.
    error TooManyProposals(address proposer, uint256 limit);
    /// @notice The timelock cannot be exchanged here: a new governor is made, and the timelock accepts it.
    error TimelockIsFixed();

    /// @notice The votes that count for the quorum at a moment: the supply but for what is delegated to the inert
    /// address, in wei.
    function votableSupply(uint256 timepoint) external view returns (uint256);

    // Constants are written like constants.
    // solhint-disable func-name-mixedcase
    /// @notice Proposals that one proposer may have pending or active at a time.
    function MAX_LIVE_PROPOSALS() external view returns (uint256);

    /// @notice A proposal that passed and was not queued within this time has lapsed, in seconds.
    function QUEUE_SECONDS() external view returns (uint256);
    // solhint-enable func-name-mixedcase
}
