// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {ITimedPause} from "../base/ITimedPause.sol";
import {IPenaltyManager} from "../penalties/IPenaltyManager.sol";
import {IProtocolAccessManager} from "./IProtocolAccessManager.sol";

/// @title ProtocolAccessManager
/// @notice The one place where power over the protocol's contracts is granted. See `IProtocolAccessManager`.
/// @dev OpenZeppelin's manager with fewer choices: three roles, and functions that are either the administrator's or
/// the guardian's. What the guardian loses, by its date or by a phase, falls to the council or the administrator by
/// itself, so nothing has to be assigned again and nothing can be forgotten.
contract ProtocolAccessManager is IProtocolAccessManager, AccessManager {
    /// @inheritdoc IProtocolAccessManager
    uint64 public constant GUARDIAN_ROLE = 1;
    /// @inheritdoc IProtocolAccessManager
    uint64 public constant COUNCIL_ROLE = 2;
    /// @dev Two years, one of which may be a leap year.
    uint256 private constant MAX_GUARDIAN_SECONDS = 731 days;

    /// @inheritdoc IProtocolAccessManager
    address public immutable FIRST_ADMIN;
    /// @inheritdoc IProtocolAccessManager
    uint256 public immutable GUARDIAN_END;
    /// @inheritdoc IProtocolAccessManager
    Phase public phase;

    /// @param initialAdmin Deploys and wires the protocol, makes the timelock administrator and renounces.
    /// @param guardianEnd Unix time in seconds.
    constructor(address initialAdmin, uint256 guardianEnd) AccessManager(initialAdmin) {
        uint256 latest = block.timestamp + MAX_GUARDIAN_SECONDS;
        if (guardianEnd <= block.timestamp || guardianEnd > latest)
            revert InvalidGuardianEnd(guardianEnd, latest);
        FIRST_ADMIN = initialAdmin;
        GUARDIAN_END = guardianEnd;
    }

    /// @inheritdoc IProtocolAccessManager
    function advancePhase() external onlyAuthorized {
        if (phase == Phase.Dao) revert LastPhase();
        phase = phase == Phase.Guardian ? Phase.Council : Phase.Dao;
        emit PhaseAdvanced(phase);
    }

    /// @inheritdoc IAccessManager
    function hasRole(
        uint64 roleId,
        address account
    ) public view override(AccessManager, IAccessManager) returns (bool isMember, uint32 executionDelay) {
        (isMember, executionDelay) = super.hasRole(roleId, account);
        if (roleId == GUARDIAN_ROLE) isMember = isMember && _guardianHasPower();
        else if (roleId == COUNCIL_ROLE) isMember = isMember && phase == Phase.Council;
    }

    /// @inheritdoc IAccessManager
    /// @dev What was left to the guardian is the guardian's, later the council's, in the end the administrator's.
    function getTargetFunctionRole(
        address target,
        bytes4 selector
    ) public view override(AccessManager, IAccessManager) returns (uint64) {
        uint64 roleId = super.getTargetFunctionRole(target, selector);
        if (roleId != GUARDIAN_ROLE || _guardianHasPower()) return roleId;
        return phase == Phase.Council && selector != ITimedPause.pause.selector ? COUNCIL_ROLE : ADMIN_ROLE;
    }

    function _guardianHasPower() private view returns (bool) {
        return phase == Phase.Guardian && block.timestamp < GUARDIAN_END;
    }

    /// @dev True also while the constructor makes it one.
    function _isFirstAdminInPower() private view returns (bool) {
        (bool isAdmin, ) = hasRole(ADMIN_ROLE, FIRST_ADMIN);
        return isAdmin || FIRST_ADMIN == address(0);
    }

    /// @dev No role can be made up that would outlive the guardian's date or a phase. A council may be appointed before
    /// its phase, so that there is no gap.
    function _grantRole(
        uint64 roleId,
        address account,
        uint32 grantDelay,
        uint32 executionDelay
    ) internal override returns (bool) {
        bool available =
            roleId == ADMIN_ROLE ||
                (roleId == GUARDIAN_ROLE && _guardianHasPower()) ||
                (roleId == COUNCIL_ROLE && phase != Phase.Dao);
        if (!available) revert RoleUnavailable(roleId);
        if (roleId == ADMIN_ROLE && !_isFirstAdminInPower()) revert AdministratorIsFixed(account);
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    /// @dev The first administrator can only go. With a vote that made another one and ended the timelock's own role, a
    /// single hostile proposal would leave nobody to answer it.
    function _revokeRole(uint64 roleId, address account) internal override returns (bool) {
        if (roleId == ADMIN_ROLE && account != FIRST_ADMIN) revert AdministratorIsFixed(account);
        return super._revokeRole(roleId, account);
    }

    /// @dev The guardian can be left these functions and nothing else; everything else stays the administrator's.
    function _setTargetFunctionRole(address target, bytes4 selector, uint64 roleId) internal override {
        bool guardable =
            selector == ITimedPause.pause.selector ||
                selector == IPenaltyManager.veto.selector ||
                selector == IGovernor.cancel.selector;
        if (roleId != ADMIN_ROLE && (roleId != GUARDIAN_ROLE || !guardable))
            revert NotGuardable(target, selector, roleId);
        super._setTargetFunctionRole(target, selector, roleId);
    }

    function _setRoleAdmin(uint64 roleId, uint64) internal pure override {
        revert RolesAreFixed(roleId);
    }

    function _setRoleGuardian(uint64 roleId, uint64) internal pure override {
        revert RolesAreFixed(roleId);
    }

    function _setGrantDelay(uint64 roleId, uint32) internal pure override {
        revert RolesAreFixed(roleId);
    }

    /// @dev Together with closing a target, a delay of years would shut it for good by a single vote.
    function _setTargetAdminDelay(address target, uint32) internal pure override {
        revert AdminDelaysAreFixed(target);
    }
}
