// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IAppealWindow} from "./IAppealWindow.sol";
import {IGovernanceCycle} from "./IGovernanceCycle.sol";
import {IProtocolTimelock} from "./IProtocolTimelock.sol";

/// @title ProtocolTimelock
/// @notice The administrator of the protocol: does what the governor decided, after a delay. See `IProtocolTimelock`.
/// @dev Only the governor schedules and cancels, anyone executes, nobody administers it. Who the governor is changes by
/// a vote that the others can answer, and no role changes otherwise.
contract ProtocolTimelock is IProtocolTimelock, TimelockController {
    uint256 private constant MAX_DELAY_SECONDS = 30 days;

    /// @inheritdoc IProtocolTimelock
    uint256 public constant GRACE_SECONDS = 30 days;
    /// @inheritdoc IProtocolTimelock
    uint256 public immutable MIN_DELAY_SECONDS;
    IAppealWindow private immutable PENALTIES;

    /// @inheritdoc IProtocolTimelock
    address public governor;
    address private _next;
    uint48 private _nextEarliest;

    /// @param delaySeconds The delay to begin with.
    /// @param minDelaySeconds The delay is never less.
    /// @param admin May set the first governor, and nothing is scheduled before.
    /// @param penalties Says how long a slash can be overturned.
    constructor(
        uint256 delaySeconds,
        uint256 minDelaySeconds,
        address admin,
        IAppealWindow penalties
    ) TimelockController(delaySeconds, new address[](0), new address[](0), admin) {
        if (admin == address(0) || address(penalties) == address(0)) revert ZeroPeer();
        MIN_DELAY_SECONDS = minDelaySeconds;
        PENALTIES = penalties;
        _checkDelay(delaySeconds);
        // Anyone executes.
        _grantRole(EXECUTOR_ROLE, address(0));
    }

    /// @inheritdoc IProtocolTimelock
    function setGovernor(address firstGovernor) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (governor != address(0)) revert GovernorIsSet(governor);
        if (firstGovernor == address(0)) revert ZeroPeer();
        _revokeRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _change(firstGovernor);
    }

    /// @inheritdoc IProtocolTimelock
    function announceGovernor(address next) external {
        if (msg.sender != address(this)) revert TimelockUnauthorizedCaller(msg.sender);
        _next = next;
        // 48 bits last for 8 million years.
        _nextEarliest = uint48(block.timestamp + 2 * PENALTIES.appealSeconds());
        (, uint256 earliest, uint256 latest) = announcedGovernor();
        emit GovernorAnnounced(next, earliest, latest);
    }

    /// @inheritdoc IProtocolTimelock
    function acceptGovernor() external {
        (address next, uint256 earliest, uint256 latest) = announcedGovernor();
        if (next == address(0) || block.timestamp < earliest || block.timestamp > latest)
            revert GovernorNotReady(next, earliest, latest);
        _next = address(0);
        _change(next);
    }

    /// @inheritdoc IProtocolTimelock
    function announcedGovernor() public view returns (address next, uint256 earliest, uint256 latest) {
        next = _next;
        if (next != address(0)) {
            earliest = _nextEarliest;
            latest = earliest + GRACE_SECONDS;
        }
    }

    /// @notice Refused: roles change with the governor and not otherwise.
    function grantRole(bytes32, address) public pure override {
        revert RolesAreFixed();
    }

    /// @notice Refused: roles change with the governor and not otherwise.
    function revokeRole(bytes32, address) public pure override {
        revert RolesAreFixed();
    }

    /// @notice Refused: a governor that let go of its role would leave nobody to decide.
    function renounceRole(bytes32, address) public pure override {
        revert RolesAreFixed();
    }

    /// @notice Changes the delay within its bounds; only the timelock itself, that is by a vote.
    function updateDelay(uint256 newDelay) public override {
        _checkDelay(newDelay);
        uint256 cycle = IGovernanceCycle(governor).governanceCycleSeconds() - getMinDelay() + newDelay;
        uint256 appeal = PENALTIES.appealSeconds();
        if (appeal <= cycle) revert IGovernanceCycle.AppealWindowTooShort(appeal, cycle);
        super.updateDelay(newDelay);
    }

    /// @notice As OpenZeppelin's, but an operation that nobody executed in time has lapsed and reads as unset.
    /// @dev Otherwise what was decided once and forgotten could be done years later.
    function getOperationState(bytes32 id) public view override returns (OperationState) {
        OperationState state = super.getOperationState(id);
        if (state == OperationState.Ready && block.timestamp > getTimestamp(id) + GRACE_SECONDS)
            return OperationState.Unset;
        return state;
    }

    function _change(address newGovernor) private {
        address oldGovernor = governor;
        _revokeRole(PROPOSER_ROLE, oldGovernor);
        _revokeRole(CANCELLER_ROLE, oldGovernor);
        governor = newGovernor;
        _grantRole(PROPOSER_ROLE, newGovernor);
        _grantRole(CANCELLER_ROLE, newGovernor);
        emit GovernorChanged(oldGovernor, newGovernor);
    }

    function _checkDelay(uint256 delaySeconds) private view {
        if (delaySeconds < MIN_DELAY_SECONDS || delaySeconds > MAX_DELAY_SECONDS)
            revert InvalidDelay(delaySeconds, MIN_DELAY_SECONDS, MAX_DELAY_SECONDS);
    }
}
