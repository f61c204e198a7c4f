// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IAppealWindow
/// @notice What governance must know of the penalties: how long a slash can be overturned before it burns.
interface IAppealWindow {
    /// @notice Time between a slash and the moment from which it can be burned, in seconds.
    function appealSeconds() external view returns (uint256);
}
