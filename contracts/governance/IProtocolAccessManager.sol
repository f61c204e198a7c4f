// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title IProtocolAccessManager
/// @notice The one place where power over the protocol is granted: the administrator, who is the timelock, and what the
/// present phase leaves to a guardian or a council.
interface IProtocolAccessManager is IAccessManager {
    /// @notice How far the protocol has come on the way to its voters alone. It only goes forward.
    /// @param Guardian The guardian may pause, veto a slash and cancel a proposal, until `GUARDIAN_END`.
    /// @param Council A council that governance appoints may veto a slash and cancel a proposal; nobody pauses but
    /// governance.
    /// @param Dao Governance only.
    enum Phase {
        Guardian,
        Council,
        Dao
    }

    /// @notice The guardian's powers would end in the past, or more than 24 months after deployment.
    error InvalidGuardianEnd(uint256 guardianEnd, uint256 latest);
    /// @notice There is no such role, or its powers have ended for good.
    error RoleUnavailable(uint64 roleId);
    /// @notice The function is not one that may be left to a guardian, or the role not one that functions are left to.
    error NotGuardable(address target, bytes4 selector, uint64 roleId);
    /// @notice The roles' own rules do not change: the administrator grants and revokes them all, and cancels.
    error RolesAreFixed(uint64 roleId);
    /// @notice The administrator acts on every target at once: the timelock is the delay.
    error AdminDelaysAreFixed(address target);
    /// @notice Who administers does not change once the first administrator has renounced.
    error AdministratorIsFixed(address account);
    /// @notice There is no phase after this one.
    error LastPhase();

    /// @notice A phase has begun.
    event PhaseAdvanced(Phase indexed phase);

    /// @notice Begins the next phase; only the administrator. There is no way back.
    function advancePhase() external;

    /// @notice The present phase.
    function phase() external view returns (Phase);

    // Constants and immutables are written like constants.
    // solhint-disable func-name-mixedcase
    /// @notice Deploys and wires the protocol. Only while it is an administrator can it make others; when it has renounced,
    /// who administers does not change any more.
    function FIRST_ADMIN() external view returns (address);

    /// @notice The guardian's role. Nobody is a member in effect from `GUARDIAN_END` on, or after the first phase.
    function GUARDIAN_ROLE() external view returns (uint64);

    /// @notice The council's role. Nobody is a member in effect but in the second phase.
    function COUNCIL_ROLE() external view returns (uint64);

    /// @notice Unix time at which the guardian's powers end, whatever anybody decides, in seconds.
    function GUARDIAN_END() external view returns (uint256);
    // solhint-enable func-name-mixedcase
}
