// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {INodeStaking} from "./INodeStaking.sol";

/// @title IncomeVesting
/// @notice Income that arrives in an epoch streams evenly over the next one. So who joins just before a payout gains
/// nothing, and a small push does not delay a large one.
abstract contract IncomeVesting is EpochClock {
    /// @dev Moves a stream on to now, in memory. What is left of an epoch's stream vests in full when the epoch ends,
    /// so rounding leaves nothing behind.
    function _advance(INodeStaking.IncomeStream memory stream) internal view {
        uint256 epoch = currentEpoch();
        uint256 lastEpoch = stream.updatedAt == 0 ? epoch : epochAt(stream.updatedAt);
        if (epoch == lastEpoch) {
            uint256 secondsLeft = epochStart(epoch + 1) - stream.updatedAt;
            uint56 part = _part(stream.streaming, block.timestamp - stream.updatedAt, secondsLeft);
            stream.vested += part;
            stream.streaming -= part;
        } else if (epoch == lastEpoch + 1) {
            uint56 part = _part(stream.arriving, block.timestamp - epochStart(epoch), EPOCH_SECONDS);
            stream.vested += stream.streaming + part;
            stream.streaming = stream.arriving - part;
            stream.arriving = 0;
        } else {
            stream.vested += stream.streaming + stream.arriving;
            stream.streaming = 0;
            stream.arriving = 0;
        }
        // Until the year 2106.
        stream.updatedAt = uint32(block.timestamp);
    }

    /// @dev amount · passed / whole, rounded down; passed ≤ whole, so it fits.
    function _part(uint56 amount, uint256 passed, uint256 whole) private pure returns (uint56) {
        return uint56((uint256(amount) * passed) / whole);
    }
}
