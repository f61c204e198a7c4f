// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title InertVotes
/// @notice The marked address to which contracts delegate votes that nobody may cast: unvested tokens, the treasury.
/// @dev The governor takes its votes off what the quorum is a share of. Nobody has its key: it is a hash, and nobody can
/// call as it. Who else delegates to it gives up a whole vote to lower the quorum by a fraction of one.
library InertVotes {
    address internal constant ADDRESS = address(uint160(uint256(keccak256("dtelecom.inert-votes"))));
}
