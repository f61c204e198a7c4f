// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAppealWindow} from "../../../contracts/governance/IAppealWindow.sol";

/// @title AppealWindowHarness
/// @notice An appeal window of any length, and something to decide on.
contract AppealWindowHarness is IAppealWindow {
    uint256 public appealSeconds;

    constructor(uint256 appealSeconds_) {
        appealSeconds = appealSeconds_;
    }

    function set(uint256 appealSeconds_) external {
        appealSeconds = appealSeconds_;
    }
}
