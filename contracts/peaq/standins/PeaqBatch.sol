// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPeaqBatch} from "../IPeaqBatch.sol";
import {PalletErrors} from "./PalletErrors.sol";

/// @title PeaqBatch
/// @notice Stands in for peaq's batch precompile: tests and the devnet put its code at 0x805.
/// @dev What a contract cannot do: the precompile calls as its caller, this one as itself. So what is batched here must not
/// depend on who sends it, and what it pays comes from its own balance.
contract PeaqBatch is IPeaqBatch {
    enum Mode {
        All,
        Some,
        UntilFailure
    }

    uint256 private constant MAX_CALLS = 512;

    /// @dev What calls are paid with.
    receive() external payable {}

    /// @inheritdoc IPeaqBatch
    function batchAll(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external {
        _batch(Mode.All, to, value, callData, gasLimit);
    }

    /// @inheritdoc IPeaqBatch
    function batchSome(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external {
        _batch(Mode.Some, to, value, callData, gasLimit);
    }

    /// @inheritdoc IPeaqBatch
    function batchSomeUntilFailure(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external {
        _batch(Mode.UntilFailure, to, value, callData, gasLimit);
    }

    function _batch(
        Mode mode,
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) private {
        if (msg.sender.code.length != 0) PalletErrors.precompile("Function not callable by smart contracts");
        if (to.length > MAX_CALLS) PalletErrors.precompile("to: Value is too large for length");
        for (uint256 i = 0; i < to.length; ++i) {
            bytes memory data = i < callData.length ? callData[i] : bytes("");
            uint256 gasForCall = i < gasLimit.length && gasLimit[i] != 0 ? gasLimit[i] : gasleft();
            uint256 valueWei = i < value.length ? value[i] : 0;
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory answer) = to[i].call{gas: gasForCall, value: valueWei}(data);
            if (success) {
                emit SubcallSucceeded(i);
                continue;
            }
            if (mode == Mode.All) _revertWith(answer);
            emit SubcallFailed(i);
            if (mode == Mode.UntilFailure) return;
        }
    }

    function _revertWith(bytes memory answer) private pure {
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
