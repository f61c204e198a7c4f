// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IGovernanceCycle
/// @notice What the penalties and the timelock must know of the governor: how long a decision takes at most.
interface IGovernanceCycle {
    /// @notice The appeal window would not outlast a governance cycle: a slash could burn before a vote overturns it.
    error AppealWindowTooShort(uint256 appealSeconds, uint256 governanceCycleSeconds);

    /// @notice Time from a proposal to its execution, at most, when everybody acts at once: voting delay, voting period,
    /// extension for a late quorum and timelock, in seconds.
    function governanceCycleSeconds() external view returns (uint256);
}
