// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPeaqDid} from "../IPeaqDid.sol";
import {PalletErrors} from "./PalletErrors.sol";

/// @title PeaqDid
/// @notice Stands in for peaq's DID precompile on chains that have none: tests and the devnet put its code at 0x800.
/// @dev Same ownership, limits, errors and events. What a contract cannot do: the deposit is required of the caller's
/// balance, but not taken from it.
contract PeaqDid is IPeaqDid {
    uint256 private constant MAX_NAME_BYTES = 64;
    uint256 private constant MAX_VALUE_BYTES = 2_560;
    uint256 private constant DEPOSIT_WEI = 0.005 ether;

    mapping(address didAccount => mapping(bytes32 nameHash => Attribute)) private _attributes;
    mapping(address didAccount => mapping(bytes32 nameHash => address)) private _owners;

    /// @inheritdoc IPeaqDid
    function addAttribute(
        address didAccount,
        bytes calldata name,
        bytes calldata value,
        uint32 validityFor
    ) external returns (bool) {
        _checkLengths(name, value);
        if (_attributes[didAccount][keccak256(name)].created != 0)
            PalletErrors.pallet("AttributeAlreadyExist");
        if (msg.sender.balance < DEPOSIT_WEI) PalletErrors.pallet("InsufficientBalance");
        _attributes[didAccount][keccak256(name)] = Attribute({
            name: name,
            value: value,
            validity: _validUntil(validityFor),
            created: block.timestamp * 1_000
        });
        _owners[didAccount][keccak256(name)] = msg.sender;
        emit AddAttribute(msg.sender, didAccount, name, value, validityFor);
        return true;
    }

    /// @inheritdoc IPeaqDid
    function updateAttribute(
        address didAccount,
        bytes calldata name,
        bytes calldata value,
        uint32 validityFor
    ) external returns (bool) {
        _checkLengths(name, value);
        _checkOwner(didAccount, name);
        Attribute storage attribute = _attributes[didAccount][keccak256(name)];
        attribute.value = value;
        attribute.validity = _validUntil(validityFor);
        emit UpdateAttribute(msg.sender, didAccount, name, value, validityFor);
        return true;
    }

    /// @inheritdoc IPeaqDid
    function removeAttribute(address didAccount, bytes calldata name) external returns (bool) {
        _checkLengths(name, "");
        _checkOwner(didAccount, name);
        delete _attributes[didAccount][keccak256(name)];
        delete _owners[didAccount][keccak256(name)];
        emit RemoveAttribute(didAccount, name);
        return true;
    }

    /// @inheritdoc IPeaqDid
    function readAttribute(
        address didAccount,
        bytes calldata name
    ) external view returns (Attribute memory attribute) {
        attribute = _attributes[didAccount][keccak256(name)];
        // The precompile's own words; the pallet's are AttributeNotFound.
        if (attribute.created == 0) PalletErrors.precompile("Cannot find the item (AttributeNotFound)");
    }

    /// @dev The pallet looks for the owner first, so what is not there is refused as somebody else's would be.
    function _checkOwner(address didAccount, bytes calldata name) private view {
        if (_owners[didAccount][keccak256(name)] != msg.sender)
            PalletErrors.pallet("AttributeAuthorizationFailed");
    }

    function _validUntil(uint32 validityFor) private view returns (uint32) {
        if (validityFor == 0) return type(uint32).max;
        if (validityFor > type(uint32).max - block.number) PalletErrors.pallet("MaxBlockNumberExceeded");
        // The sum was checked in the line above.
        return uint32(block.number) + validityFor;
    }

    function _checkLengths(bytes calldata name, bytes memory value) private pure {
        if (name.length > MAX_NAME_BYTES) PalletErrors.pallet("AttributeNameExceedMax64");
        // The precompile refuses this as it decodes its arguments.
        if (value.length > MAX_VALUE_BYTES) PalletErrors.precompile("value: Value is too large for length");
    }
}
