// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {INodeStaking} from "./INodeStaking.sol";

/// @title Exits
/// @notice Stake on its way out, by unbonding period: asked for in period P, payable from the end of P + 1.
/// @dev At most two periods can be waiting at once, so everything fits one slot and no list is needed.
library Exits {
    /// @notice Moves on to a period; the caller adds what has waited long enough to `matured`, less what slashes took.
    /// @return fromPrevious Matured of the period before the one that was current.
    /// @return fromCurrent Matured of the one that was current.
    function roll(
        INodeStaking.Exit memory self,
        uint256 period
    ) internal pure returns (uint64 fromPrevious, uint64 fromCurrent) {
        // After a slash of the pool, requests count for the period after the running one.
        if (self.period >= period) return (0, 0);
        fromPrevious = self.previous;
        self.previous = 0;
        if (self.period + 1 == period) self.previous = self.current;
        else fromCurrent = self.current;
        self.current = 0;
        // A period is at least a part of a day: 64 bits are out of reach.
        self.period = uint64(period);
    }

    /// @notice Moves on to a period where nothing is ever lost while it waits.
    function rollInFull(INodeStaking.Exit memory self, uint256 period) internal pure {
        (uint64 fromPrevious, uint64 fromCurrent) = roll(self, period);
        self.matured += fromPrevious + fromCurrent;
    }

    /// @notice Puts back what was taken from the request of a period; payable at once where its time is over.
    function putBack(INodeStaking.Exit memory self, uint256 period, uint64 amountGwei) internal pure {
        if (self.period == period) self.current += amountGwei;
        else if (self.period == period + 1) self.previous += amountGwei;
        else self.matured += amountGwei;
    }
}
