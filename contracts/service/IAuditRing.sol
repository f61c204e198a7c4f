// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IAuditRing
/// @notice Which nodes audit and are audited: a ring of seats without gaps. A change made in epoch x counts from x + 2 on,
/// so the ring of an epoch stands before the seed is drawn that says who audits whom in it.
interface IAuditRing {
    /// @notice The node has a seat already, or will have one.
    error AlreadySeated(uint256 nodeId);
    /// @notice The node has no seat.
    error NotSeated(uint256 nodeId);
    /// @notice The node's bond is below the minimum.
    error BondTooLow(uint256 nodeId, uint256 bondWei, uint256 requiredWei);
    /// @notice The node is in jail.
    error NodeJailed(uint256 nodeId);
    /// @notice The node's bond is still enough for its seat.
    error StillEligible(uint256 nodeId, uint256 bondWei, uint256 requiredWei);
    /// @notice The seat's weight is what the bond gives.
    error WeightUnchanged(uint256 nodeId, uint256 weight);

    /// @notice Gives a node the last seat; only the registry.
    /// @return fromEpoch First epoch in which it counts.
    function enter(uint256 nodeId) external returns (uint256 fromEpoch);

    /// @notice Takes a node's seat if it has one; the node in the last seat moves there. Only the registry.
    /// @return fromEpoch First epoch in which it counts.
    function leave(uint256 nodeId) external returns (uint256 fromEpoch);

    /// @notice Takes the seat of a node whose bond has fallen below the minimum; anyone.
    function evict(uint256 nodeId) external;

    /// @notice Makes a seat weigh what the bond gives now; anyone.
    function refresh(uint256 nodeId) external;

    /// @notice The node in a seat after all changes so far, those that do not count yet included; 0 where none is.
    function occupantOf(uint256 seat) external view returns (uint256 nodeId);

    /// @notice What a bond weighs: thousandths of the minimum bond, at most 10,000.
    function weightOf(uint256 nodeId) external view returns (uint256);
}
