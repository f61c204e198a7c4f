// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAppealWindow} from "./IAppealWindow.sol";
import {IDTelGovernor} from "./IDTelGovernor.sol";
import {IGovernanceCycle} from "./IGovernanceCycle.sol";
import {InertVotes} from "./InertVotes.sol";
import {IProtocolAccessManager} from "./IProtocolAccessManager.sol";

/// @title DTelGovernor
/// @notice Decisions of those who hold or stake DTEL. See `IDTelGovernor`.
/// @dev The stock governor: staked votes come from the token, and the token's clock is Unix time. Not upgradeable; the
/// timelock can be given another one by a vote.
contract DTelGovernor is
    IDTelGovernor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    /// @inheritdoc IDTelGovernor
    uint256 public constant MAX_LIVE_PROPOSALS = 5;
    /// @inheritdoc IDTelGovernor
    uint256 public constant QUEUE_SECONDS = 30 days;
    uint256 private constant MAX_VOTING_DELAY_SECONDS = 14 days;
    uint256 private constant MAX_VOTING_PERIOD_SECONDS = 30 days;
    uint256 private constant MIN_THRESHOLD_WEI = 1_000e18;
    /// @dev 0.5 % of the supply.
    uint256 private constant MAX_THRESHOLD_DIVISOR = 200;
    uint256 private constant MIN_QUORUM_BPS = 200;
    uint256 private constant MAX_QUORUM_BPS = 1_000;

    IProtocolAccessManager private immutable MANAGER;
    IAppealWindow private immutable PENALTIES;
    uint48 private immutable MIN_VOTING_DELAY_SECONDS;
    uint32 private immutable MIN_VOTING_PERIOD_SECONDS;
    uint48 private immutable MIN_LATE_QUORUM_SECONDS;

    /// @dev A proposer's newest proposals, each in the place of its fifth before.
    mapping(address proposer => uint256[MAX_LIVE_PROPOSALS] proposalIds) private _newest;
    mapping(address proposer => uint256 count) private _proposed;

    /// @dev The appeal window is not asked here: the penalties, which know this contract, are installed later and compare
    /// it with `governanceCycleSeconds` then.
    constructor(
        Peers memory peers,
        Settings memory settings,
        Bounds memory bounds
    )
        Governor("dTelecom")
        GovernorSettings(
            settings.votingDelaySeconds,
            settings.votingPeriodSeconds,
            settings.proposalThresholdWei
        )
        GovernorVotes(peers.token)
        GovernorVotesQuorumFraction(settings.quorumBps)
        GovernorPreventLateQuorum(settings.lateQuorumSeconds)
        GovernorTimelockControl(peers.timelock)
    {
        if (
            address(peers.token) == address(0) ||
            address(peers.timelock) == address(0) ||
            address(peers.manager) == address(0) ||
            address(peers.penalties) == address(0)
        ) revert ZeroPeer();
        MANAGER = peers.manager;
        PENALTIES = peers.penalties;
        MIN_VOTING_DELAY_SECONDS = bounds.minVotingDelaySeconds;
        MIN_VOTING_PERIOD_SECONDS = bounds.minVotingPeriodSeconds;
        MIN_LATE_QUORUM_SECONDS = bounds.minLateQuorumSeconds;
        _checkVotingDelay(settings.votingDelaySeconds);
        _checkVotingPeriod(settings.votingPeriodSeconds);
        _checkLateQuorum(settings.lateQuorumSeconds);
        _checkThreshold(settings.proposalThresholdWei);
        _checkQuorum(settings.quorumBps);
    }

    // ------------------------------------------------------------------ proposals

    /// @dev One more of the proposer's, if its fifth before is no longer waiting for votes.
    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override returns (uint256 proposalId) {
        uint256 place = _proposed[proposer]++ % MAX_LIVE_PROPOSALS;
        uint256 oldest = _newest[proposer][place];
        if (oldest != 0 && _isLive(oldest)) revert TooManyProposals(proposer, MAX_LIVE_PROPOSALS);
        proposalId = super._propose(targets, values, calldatas, description, proposer);
        _newest[proposer][place] = proposalId;
    }

    /// @notice Cancels a proposal. Its proposer, until the vote begins; the guardian or the council as long as the
    /// present phase lets them, but not a proposal that takes their own power; and anyone, until the vote ends, when the
    /// proposer has no longer the votes that a proposal needs: the same votes cannot be passed round to propose more.
    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override returns (uint256) {
        uint256 proposalId = getProposalId(targets, values, calldatas, descriptionHash);
        if (
            _validateCancel(proposalId, msg.sender) ||
            (_isGuard(msg.sender) && !_onlyEndsGuard(targets, calldatas)) ||
            (_isLive(proposalId) && getVotes(proposalProposer(proposalId), clock() - 1) < proposalThreshold())
        ) return _cancel(targets, values, calldatas, descriptionHash);
        revert GovernorUnableToCancel(proposalId, msg.sender);
    }

    /// @inheritdoc Governor
    /// @dev A proposal that passed and was not queued in time has lapsed; so has, in the timelock, what was queued.
    function state(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        ProposalState current = super.state(proposalId);
        if (current == ProposalState.Succeeded && clock() > proposalDeadline(proposalId) + QUEUE_SECONDS)
            return ProposalState.Expired;
        return current;
    }

    // ------------------------------------------------------------------ quorum and cycle

    /// @inheritdoc GovernorVotesQuorumFraction
    function quorum(
        uint256 timepoint
    ) public view override(Governor, GovernorVotesQuorumFraction) returns (uint256) {
        return Math.mulDiv(votableSupply(timepoint), quorumNumerator(timepoint), quorumDenominator());
    }

    /// @inheritdoc IDTelGovernor
    function votableSupply(uint256 timepoint) public view returns (uint256) {
        uint256 inert = token().getPastVotes(InertVotes.ADDRESS, timepoint);
        // Were the inert votes ever more, for whatever reason, governance would go on.
        return Math.saturatingSub(token().getPastTotalSupply(timepoint), inert);
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function quorumDenominator() public pure override returns (uint256) {
        return 10_000;
    }

    /// @inheritdoc IGovernanceCycle
    function governanceCycleSeconds() public view returns (uint256) {
        return
            votingDelay() +
            votingPeriod() +
            lateQuorumVoteExtension() +
            TimelockController(payable(timelock())).getMinDelay();
    }

    // ------------------------------------------------------------------ settings, by a vote, within bounds

    /// @inheritdoc GovernorSettings
    function setVotingDelay(uint48 newVotingDelay) public override {
        _checkVotingDelay(newVotingDelay);
        _checkCycle(votingDelay(), newVotingDelay);
        super.setVotingDelay(newVotingDelay);
    }

    /// @inheritdoc GovernorSettings
    function setVotingPeriod(uint32 newVotingPeriod) public override {
        _checkVotingPeriod(newVotingPeriod);
        uint48 extension = lateQuorumVoteExtension();
        if (newVotingPeriod < extension)
            revert TimeOutOfBounds(newVotingPeriod, extension, MAX_VOTING_PERIOD_SECONDS);
        _checkCycle(votingPeriod(), newVotingPeriod);
        super.setVotingPeriod(newVotingPeriod);
    }

    /// @inheritdoc GovernorPreventLateQuorum
    function setLateQuorumVoteExtension(uint48 newVoteExtension) public override {
        _checkLateQuorum(newVoteExtension);
        _checkCycle(lateQuorumVoteExtension(), newVoteExtension);
        super.setLateQuorumVoteExtension(newVoteExtension);
    }

    /// @inheritdoc GovernorSettings
    function setProposalThreshold(uint256 newProposalThreshold) public override {
        _checkThreshold(newProposalThreshold);
        super.setProposalThreshold(newProposalThreshold);
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function updateQuorumNumerator(uint256 newQuorumNumerator) public override {
        _checkQuorum(newQuorumNumerator);
        super.updateQuorumNumerator(newQuorumNumerator);
    }

    /// @notice Refused: another timelock would know no bounds.
    function updateTimelock(TimelockController) public pure override {
        revert TimelockIsFixed();
    }

    function _checkVotingDelay(uint256 value) private view {
        _checkTime(value, MIN_VOTING_DELAY_SECONDS, MAX_VOTING_DELAY_SECONDS);
    }

    function _checkVotingPeriod(uint256 value) private view {
        _checkTime(value, MIN_VOTING_PERIOD_SECONDS, MAX_VOTING_PERIOD_SECONDS);
    }

    /// @dev That it is at most the voting period is OpenZeppelin's own rule.
    function _checkLateQuorum(uint256 value) private view {
        _checkTime(value, MIN_LATE_QUORUM_SECONDS, votingPeriod());
    }

    function _checkTime(uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert TimeOutOfBounds(value, min, max);
    }

    function _checkThreshold(uint256 value) private view {
        uint256 max = IERC20(address(token())).totalSupply() / MAX_THRESHOLD_DIVISOR;
        if (value < MIN_THRESHOLD_WEI || value > max)
            revert ThresholdOutOfBounds(value, MIN_THRESHOLD_WEI, max);
    }

    function _checkQuorum(uint256 value) private pure {
        if (value < MIN_QUORUM_BPS || value > MAX_QUORUM_BPS)
            revert QuorumOutOfBounds(value, MIN_QUORUM_BPS, MAX_QUORUM_BPS);
    }

    /// @dev A slash must be open to a vote that begins the moment it is made.
    function _checkCycle(uint256 oldPart, uint256 newPart) private view {
        uint256 cycle = governanceCycleSeconds() - oldPart + newPart;
        uint256 appeal = PENALTIES.appealSeconds();
        if (appeal <= cycle) revert AppealWindowTooShort(appeal, cycle);
    }

    // ------------------------------------------------------------------ who may cancel

    function _isLive(uint256 proposalId) private view returns (bool) {
        ProposalState current = state(proposalId);
        return current == ProposalState.Pending || current == ProposalState.Active;
    }

    /// @dev The guardian, later the council, in the end the timelock: as `ProtocolAccessManager` says.
    function _isGuard(address caller) private view returns (bool) {
        (bool immediate, ) = MANAGER.canCall(caller, address(this), this.cancel.selector);
        return immediate;
    }

    /// @dev Whether all that a proposal does is to take power from the guardian or the council.
    function _onlyEndsGuard(address[] memory targets, bytes[] memory calldatas) private view returns (bool) {
        uint64 guardian = MANAGER.GUARDIAN_ROLE();
        uint64 council = MANAGER.COUNCIL_ROLE();
        for (uint256 i = 0; i < targets.length; ++i) {
            if (targets[i] != address(MANAGER)) return false;
            bytes memory data = calldatas[i];
            // Shorter calldata reads as other bytes here and reverts there.
            bytes4 selector = bytes4(data);
            if (selector == IProtocolAccessManager.advancePhase.selector) continue;
            if (selector != IAccessManager.revokeRole.selector || data.length < 36) return false;
            uint256 roleId;
            // The first argument stands behind the length and the selector.
            assembly ("memory-safe") {
                roleId := mload(add(data, 36))
            }
            if (roleId != guardian && roleId != council) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ what Solidity asks to be said

    /// @inheritdoc Governor
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @inheritdoc Governor
    function proposalDeadline(
        uint256 proposalId
    ) public view override(Governor, GovernorPreventLateQuorum) returns (uint256) {
        return super.proposalDeadline(proposalId);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
