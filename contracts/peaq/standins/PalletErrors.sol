// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title PalletErrors
/// @notice Failures as peaq's precompiles word them: Error(string), never a custom error.
library PalletErrors {
    /// @notice A pallet refused the call: its error stands inside the text.
    function pallet(string memory palletError) internal pure {
        precompile(
            string.concat(
                "Dispatched call failed with error: Module(ModuleError { message: Some(\x22",
                palletError,
                "\x22) })"
            )
        );
    }

    /// @notice The precompile itself refused the call.
    function precompile(string memory reason) internal pure {
        // solhint-disable-next-line gas-custom-errors
        revert(reason);
    }
}
