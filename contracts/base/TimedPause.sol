// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ITimedPause} from "./ITimedPause.sol";
import {Managed} from "./Managed.sol";

/// @title TimedPause
/// @notice See `ITimedPause`. Each contract says which of its functions stop.
/// @dev Whoever holds the power to pause can hold up a contract for a fixed time and no longer: what follows is a rest in
/// which it cannot be paused again.
abstract contract TimedPause is ITimedPause, Managed {
    /// @notice How long a pause and the rest after it are, in seconds.
    struct PauseConfig {
        uint256 pauseSeconds;
        uint256 restSeconds;
    }

    /// @custom:storage-location erc7201:dtelecom.TimedPause
    struct PauseStorage {
        uint64 pausedUntil;
    }

    uint256 private constant MAX_PAUSE_SECONDS = 7 days;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.TimedPause")) - 1)) & ~bytes32(uint256(0xff));

    /// @notice Length of a pause, in seconds.
    uint256 public immutable PAUSE_SECONDS;
    /// @notice Shortest time between two pauses, in seconds.
    uint256 public immutable REST_SECONDS;

    modifier whenNotPaused() {
        _checkNotPaused();
        _;
    }

    constructor(PauseConfig memory config) {
        if (
            config.pauseSeconds == 0 ||
            config.pauseSeconds > MAX_PAUSE_SECONDS ||
            config.restSeconds < config.pauseSeconds
        ) revert InvalidPause(config.pauseSeconds, config.restSeconds);
        PAUSE_SECONDS = config.pauseSeconds;
        REST_SECONDS = config.restSeconds;
    }

    /// @inheritdoc ITimedPause
    function pause() external onlyAuthority {
        PauseStorage storage $ = _pauseStorage();
        uint256 mayBeginAt = $.pausedUntil == 0 ? 0 : $.pausedUntil + REST_SECONDS;
        if (block.timestamp < mayBeginAt) revert PauseResting(mayBeginAt);
        uint256 until = block.timestamp + PAUSE_SECONDS;
        // Unix time in seconds fits 64 bits for ever.
        $.pausedUntil = uint64(until);
        emit PausedUntil(until);
    }

    /// @inheritdoc ITimedPause
    function unpause() external onlyAuthority {
        PauseStorage storage $ = _pauseStorage();
        if (block.timestamp >= $.pausedUntil) return;
        $.pausedUntil = uint64(block.timestamp);
        emit PausedUntil(block.timestamp);
    }

    /// @inheritdoc ITimedPause
    function pausedUntil() external view returns (uint256) {
        return _pauseStorage().pausedUntil;
    }

    function _checkNotPaused() internal view {
        uint256 until = _pauseStorage().pausedUntil;
        if (block.timestamp < until) revert Paused(until);
    }

    function _pauseStorage() private pure returns (PauseStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
