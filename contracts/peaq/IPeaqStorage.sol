// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPeaqStorage
/// @notice peaq's storage precompile at 0x0000000000000000000000000000000000000801: items by type, each account in its own
/// namespace.
interface IPeaqStorage {
    /// @notice An item was added.
    event ItemAdded(address sender, bytes itemType, bytes item);
    /// @notice An item was replaced.
    event ItemUpdated(address sender, bytes itemType, bytes item);

    /// @notice Adds an item to the caller's namespace.
    /// @param itemType At most 64 bytes.
    /// @param item At most 256 bytes.
    function addItem(bytes calldata itemType, bytes calldata item) external returns (bool);

    /// @notice Replaces an item of the caller.
    function updateItem(bytes calldata itemType, bytes calldata item) external returns (bool);

    /// @notice An item; reverts where there is none.
    function getItem(address account, bytes calldata itemType) external view returns (bytes memory);
}
