// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title EpochClock
/// @notice The time base of the protocol: epochs of a fixed length, counted from a fixed genesis.
/// @dev Immutable in every contract, so that all of them agree at no cost in storage reads.
abstract contract EpochClock {
    /// @notice Parameters of the time base; the same in every contract of one deployment.
    /// @param genesis Unix time at which epoch 0 begins, in seconds.
    /// @param epochSeconds Length of an epoch, in seconds; even, so that it halves exactly.
    /// @param epochBlocks Blocks that the chain is expected to produce in one epoch.
    struct ClockConfig {
        uint256 genesis;
        uint256 epochSeconds;
        uint256 epochBlocks;
    }

    /// @notice The clock's parameters are out of bounds.
    error InvalidClock(uint256 genesis, uint256 epochSeconds, uint256 epochBlocks);

    /// @notice A moment before epoch 0.
    error BeforeGenesis(uint256 timestamp, uint256 genesis);

    /// @notice Epochs that rings by epoch remember. What is older has expired.
    uint256 public constant RING_EPOCHS = 256;

    /// @notice Unix time at which epoch 0 begins, in seconds.
    uint256 public immutable GENESIS;
    /// @notice Length of an epoch, in seconds.
    uint256 public immutable EPOCH_SECONDS;
    /// @notice Blocks that the chain is expected to produce in one epoch.
    uint256 public immutable EPOCH_BLOCKS;

    constructor(ClockConfig memory clock) {
        // 32 blocks leave room for the eight lanes of a seed (16 blocks) within half an epoch.
        if (
            clock.genesis == 0 ||
            clock.epochSeconds < 30 ||
            clock.epochSeconds > 7 days ||
            clock.epochSeconds % 2 != 0 ||
            clock.epochBlocks < 32
        ) revert InvalidClock(clock.genesis, clock.epochSeconds, clock.epochBlocks);
        GENESIS = clock.genesis;
        EPOCH_SECONDS = clock.epochSeconds;
        EPOCH_BLOCKS = clock.epochBlocks;
    }

    /// @notice The epoch that is running.
    function currentEpoch() public view returns (uint256) {
        return epochAt(block.timestamp);
    }

    /// @notice The epoch that contains a moment.
    /// @param timestamp Unix time in seconds, not before `GENESIS`.
    function epochAt(uint256 timestamp) public view returns (uint256) {
        if (timestamp < GENESIS) revert BeforeGenesis(timestamp, GENESIS);
        return (timestamp - GENESIS) / EPOCH_SECONDS;
    }

    /// @notice Unix time at which an epoch begins, in seconds.
    function epochStart(uint256 epoch) public view returns (uint256) {
        return GENESIS + epoch * EPOCH_SECONDS;
    }

    /// @dev The word of a ring says in which lap it was written: an older lap reads as empty. Never 0. Checked, since an
    /// epoch may come from a caller: with its highest bits cut off, one that never was would read the word of another.
    function _lap(uint256 epoch) internal pure returns (uint24) {
        return SafeCast.toUint24(epoch / RING_EPOCHS + 1);
    }
}
