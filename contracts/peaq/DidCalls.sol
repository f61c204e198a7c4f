// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPeaqDid} from "./IPeaqDid.sol";

/// @title DidCalls
/// @notice Calls peaq's DID precompile without trusting that it is there, works, or answers what it should: nothing here
/// reverts because of it.
/// @dev Low-level calls: a precompile need not have code, so the check of a high-level call would fail. What comes back is
/// copied up to a limit and decoded by hand, since `abi.decode` reverts.
library DidCalls {
    IPeaqDid internal constant DID = IPeaqDid(0x0000000000000000000000000000000000000800);

    /// @dev Name and value at their longest, padded, with offsets and lengths: 64 + 2,560 + 7 words.
    uint256 private constant MAX_ANSWER_BYTES = 64 + 2_560 + 7 * 32;
    uint256 private constant WORD = 32;

    /// @notice Adds an attribute.
    /// @return Whether the precompile says that it did.
    function tryAdd(address account, bytes memory name, bytes memory value) internal returns (bool) {
        return _write(abi.encodeCall(IPeaqDid.addAttribute, (account, name, value, 0)));
    }

    /// @notice Changes an attribute that this contract added.
    /// @return Whether the precompile says that it did.
    function tryUpdate(address account, bytes memory name, bytes memory value) internal returns (bool) {
        return _write(abi.encodeCall(IPeaqDid.updateAttribute, (account, name, value, 0)));
    }

    /// @notice Removes an attribute that this contract added.
    /// @return Whether the precompile says that it did.
    function tryRemove(address account, bytes memory name) internal returns (bool) {
        return _write(abi.encodeCall(IPeaqDid.removeAttribute, (account, name)));
    }

    /// @notice Reads an attribute.
    /// @return found Whether a well-formed answer with this very name came back.
    /// @return value Its value.
    function tryRead(
        address account,
        bytes memory name
    ) internal view returns (bool found, bytes memory value) {
        bytes memory call_ = abi.encodeCall(IPeaqDid.readAttribute, (account, name));
        (bool success, bytes memory answer) = _read(call_);
        if (!success) return (false, "");
        bytes memory answeredName;
        (found, answeredName, value) = decodeAttribute(answer);
        if (!found || keccak256(answeredName) != keccak256(name)) return (false, "");
    }

    /// @notice Decodes an ABI-encoded `IPeaqDid.Attribute`; for any bytes, without reverting.
    function decodeAttribute(
        bytes memory answer
    ) internal pure returns (bool valid, bytes memory name, bytes memory value) {
        // Offset of the struct, then within it the offsets of name and value, validity and time.
        if (answer.length < 5 * WORD || _word(answer, 0) != WORD) return (false, "", "");
        (valid, name) = _bytesAt(answer, _word(answer, WORD));
        if (!valid) return (false, "", "");
        (valid, value) = _bytesAt(answer, _word(answer, 2 * WORD));
        if (!valid) return (false, "", "");
    }

    /// @dev The bytes at an offset from the struct's begin.
    function _bytesAt(bytes memory answer, uint256 offset) private pure returns (bool, bytes memory data) {
        // Compared without sums that could overflow: offset and length come from outside.
        if (answer.length < 2 * WORD || offset > answer.length - 2 * WORD) return (false, "");
        uint256 begin = WORD + offset;
        uint256 length = _word(answer, begin);
        begin += WORD;
        if (length > answer.length - begin) return (false, "");
        data = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(data, 0x20), add(add(answer, 0x20), begin), length)
        }
        return (true, data);
    }

    function _word(bytes memory data, uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), at))
        }
    }

    /// @dev A write succeeded if the call did and answered the boolean true: an account without code answers nothing.
    function _write(bytes memory call_) private returns (bool done) {
        address did = address(DID);
        assembly ("memory-safe") {
            mstore(0x00, 0)
            done := call(gas(), did, 0, add(call_, 0x20), mload(call_), 0x00, 0x20)
            done := and(done, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1)))
        }
    }

    /// @dev An answer that is longer than any attribute is not read at all.
    function _read(bytes memory call_) private view returns (bool success, bytes memory answer) {
        address did = address(DID);
        uint256 size;
        assembly ("memory-safe") {
            success := staticcall(gas(), did, add(call_, 0x20), mload(call_), 0x00, 0x00)
            size := returndatasize()
        }
        if (!success || size > MAX_ANSWER_BYTES) return (false, "");
        answer = new bytes(size);
        assembly ("memory-safe") {
            returndatacopy(add(answer, 0x20), 0x00, size)
        }
    }
}
