// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Aggregator
/// @notice Answers many view calls at once: the invariants are checked after every step and read hundreds of them.
contract Aggregator {
    /// @notice Calls each target; the first one that fails fails all.
    function read(
        address[] calldata targets,
        bytes[] calldata calls
    ) external view returns (bytes[] memory answers) {
        answers = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool isDone, bytes memory answer) = targets[i].staticcall(calls[i]);
            if (!isDone) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
            answers[i] = answer;
        }
    }
}
