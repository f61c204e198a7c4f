// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ITimedPause
/// @notice A pause that ends by itself and cannot follow on another one without a rest.
interface ITimedPause {
    /// @notice Pause and rest are out of bounds: at most 7 days, and a rest at least as long as the pause.
    error InvalidPause(uint256 pauseSeconds, uint256 restSeconds);
    /// @notice Paused until then, Unix time in seconds.
    error Paused(uint256 until);
    /// @notice The last pause was too recent; the next may begin then, Unix time in seconds.
    error PauseResting(uint256 until);

    /// @notice Paused until then, Unix time in seconds.
    event PausedUntil(uint256 until);

    /// @notice Pauses for the fixed time; only the authority. What must never stop is not affected.
    function pause() external;

    /// @notice Ends a pause early; only the authority. The rest counts from now.
    function unpause() external;

    /// @notice Until when the contract is paused, Unix time in seconds; in the past where it is not.
    function pausedUntil() external view returns (uint256);
}
