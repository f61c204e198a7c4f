// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title MachineHarness
/// @notice A machine that acts through a smart account, as peaq's machines may: one key signs for it and makes its calls.
contract MachineHarness is IERC1271 {
    /// @notice Only the machine's key may do this.
    error NotKey(address caller);
    /// @notice The machine's call failed.
    error CallFailed();

    address private immutable KEY;

    constructor(address key) {
        KEY = key;
    }

    /// @notice Makes a call as the machine; only the key.
    function call(address target, bytes calldata data) external {
        if (msg.sender != KEY) revert NotKey(msg.sender);
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, ) = target.call(data);
        if (!success) revert CallFailed();
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recoverCalldata(hash, signature) == KEY ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
