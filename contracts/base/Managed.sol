// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title Managed
/// @notice A UUPS implementation whose administration is the protocol's one `AccessManager`.
/// @dev Restricted calls arrive through `AccessManager.execute`, which checks role, target, selector and delay
/// before it calls with itself as the sender. Checking the sender costs the hot contracts no storage read and a
/// kilobyte less code than `AccessManaged`, and the manager remains the only place where power is granted.
abstract contract Managed is UUPSUpgradeable {
    /// @notice The caller is not the authority. Call through `AccessManager.execute`.
    error NotAuthority(address caller);
    /// @notice A protocol function that only one other contract of the protocol may call.
    error NotPeer(address caller);
    /// @notice An address that must be set is zero.
    error ZeroAddress();

    address private immutable AUTHORITY;

    modifier onlyAuthority() {
        if (msg.sender != AUTHORITY) revert NotAuthority(msg.sender);
        _;
    }

    constructor(address authority_) {
        if (authority_ == address(0)) revert ZeroAddress();
        AUTHORITY = authority_;
    }

    /// @notice The `AccessManager` through which every restricted call must come.
    function authority() external view returns (address) {
        return AUTHORITY;
    }

    /// @dev Upgrades come from the authority only.
    function _authorizeUpgrade(address) internal view override onlyAuthority {}

    /// @dev For calls between protocol contracts: the peer is an immutable, so nobody can grant this right.
    function _onlyPeer(address peer) internal view {
        if (msg.sender != peer) revert NotPeer(msg.sender);
    }
}
