// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPeaqDid
/// @notice peaq's DID precompile at 0x0000000000000000000000000000000000000800.
/// @dev Anyone may add a name under any account, and owns that name from then on: an attribute says nothing until one knows
/// who wrote it. A deposit is taken from the caller. Failures revert with Error(string), the pallet's error inside. Events
/// are not indexed.
interface IPeaqDid {
    /// @notice An attribute of an account.
    /// @param validity Block until which it is meant to hold; for information only.
    /// @param created Time in milliseconds.
    struct Attribute {
        bytes name;
        bytes value;
        uint32 validity;
        uint256 created;
    }

    /// @notice An attribute was added; its name belongs to `sender` from now on.
    event AddAttribute(address sender, address didAccount, bytes name, bytes value, uint32 validity);
    /// @notice An attribute was changed by its owner.
    event UpdateAttribute(address sender, address didAccount, bytes name, bytes value, uint32 validity);
    /// @notice An attribute was removed by its owner.
    event RemoveAttribute(address didAccount, bytes name);

    /// @notice Adds an attribute under an account; anyone, if the name is free.
    /// @param name At most 64 bytes.
    /// @param value At most 2,560 bytes.
    /// @param validityFor In blocks; 0 for ever.
    function addAttribute(
        address didAccount,
        bytes calldata name,
        bytes calldata value,
        uint32 validityFor
    ) external returns (bool);

    /// @notice Changes an attribute; only who added it.
    function updateAttribute(
        address didAccount,
        bytes calldata name,
        bytes calldata value,
        uint32 validityFor
    ) external returns (bool);

    /// @notice Removes an attribute; only who added it. The deposit comes back.
    function removeAttribute(address didAccount, bytes calldata name) external returns (bool);

    /// @notice An attribute; reverts where there is none.
    function readAttribute(address didAccount, bytes calldata name) external view returns (Attribute memory);
}
