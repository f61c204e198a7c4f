// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPeaqStorage} from "../IPeaqStorage.sol";
import {PalletErrors} from "./PalletErrors.sol";

/// @title PeaqStorage
/// @notice Stands in for peaq's storage precompile: tests and the devnet put its code at 0x801.
contract PeaqStorage is IPeaqStorage {
    uint256 private constant MAX_TYPE_BYTES = 64;
    uint256 private constant MAX_ITEM_BYTES = 256;

    mapping(address account => mapping(bytes32 typeHash => bytes)) private _items;
    mapping(address account => mapping(bytes32 typeHash => bool)) private _exists;

    /// @inheritdoc IPeaqStorage
    function addItem(bytes calldata itemType, bytes calldata item) external returns (bool) {
        _checkLengths(itemType, item);
        if (_exists[msg.sender][keccak256(itemType)]) PalletErrors.pallet("ItemTypeAlreadyExists");
        _exists[msg.sender][keccak256(itemType)] = true;
        _items[msg.sender][keccak256(itemType)] = item;
        emit ItemAdded(msg.sender, itemType, item);
        return true;
    }

    /// @inheritdoc IPeaqStorage
    function updateItem(bytes calldata itemType, bytes calldata item) external returns (bool) {
        _checkLengths(itemType, item);
        if (!_exists[msg.sender][keccak256(itemType)]) PalletErrors.pallet("ItemNotFound");
        _items[msg.sender][keccak256(itemType)] = item;
        emit ItemUpdated(msg.sender, itemType, item);
        return true;
    }

    /// @inheritdoc IPeaqStorage
    function getItem(address account, bytes calldata itemType) external view returns (bytes memory) {
        // The precompile's own words; the pallet's are ItemNotFound.
        if (!_exists[account][keccak256(itemType)])
            PalletErrors.precompile("Cannot find the item (ItemNotFound)");
        return _items[account][keccak256(itemType)];
    }

    function _checkLengths(bytes calldata itemType, bytes calldata item) private pure {
        if (itemType.length > MAX_TYPE_BYTES) PalletErrors.pallet("ItemTypeExceedMax64");
        if (item.length > MAX_ITEM_BYTES) PalletErrors.pallet("ItemExceedMax256");
    }
}
