// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {INodeStaking} from "./INodeStaking.sol";

/// @title Exits
/// @notice Stake on its way out, by unbonding period: asked for in period P, payable from the end of P + 1.
/// @dev At most two periods can be waiting at once, so everything fits one slot and no list is needed.
library Exits {
    /// @notice Moves what has waited long enough to `matured`.
    function roll(INodeStaking.Exit memory self, uint256 period) internal pure {
        if (self.period == period) return;
        self.matured += self.previous;
        self.previous = 0;
        if (self.period + 1 == period) self.previous = self.current;
        else self.matured += self.current;
        self.current = 0;
        // A period is at least a part of a day: 64 bits are out of reach.
        self.period = uint64(period);
    }

    /// @notice Adds a request of the running period.
    function add(INodeStaking.Exit memory self, uint256 period, uint64 amountGwei) internal pure {
        roll(self, period);
        self.current += amountGwei;
    }

    /// @notice Takes out all that is payable.
    function takeMatured(
        INodeStaking.Exit memory self,
        uint256 period
    ) internal pure returns (uint64 amountGwei) {
        roll(self, period);
        amountGwei = self.matured;
        self.matured = 0;
    }
}
