// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DidCalls} from "../../../contracts/peaq/DidCalls.sol";
import {IPeaqDid} from "../../../contracts/peaq/IPeaqDid.sol";
import {FuzzTest} from "./FuzzTest.sol";

/// @title DidCallsTest
/// @notice Answers of a precompile that may be anything.
contract DidCallsTest is FuzzTest {
    /// @notice What a working precompile answers is read as it was meant.
    function testFuzz_readsAWellFormedAnswer(
        bytes memory name,
        bytes memory value,
        uint32 validity,
        uint256 created
    ) public pure {
        bytes memory answer = abi.encode(IPeaqDid.Attribute(name, value, validity, created));
        (bool valid, bytes memory readName, bytes memory readValue) = DidCalls.decodeAttribute(answer);
        assertTrue(valid, "well-formed");
        assertEq(readName, name, "name");
        assertEq(readValue, value, "value");
    }

    /// @notice Garbage does not revert, and what is accepted lies within the answer.
    function testFuzz_survivesGarbage(bytes memory answer) public pure {
        (, bytes memory name, bytes memory value) = DidCalls.decodeAttribute(answer);
        assertLe(name.length, answer.length, "name within the answer");
        assertLe(value.length, answer.length, "value within the answer");
    }

    /// @notice Offsets and lengths that lead anywhere do not revert either.
    function testFuzz_survivesForgedOffsets(
        uint256 nameOffset,
        uint256 valueOffset,
        uint256 nameLength,
        uint256 valueLength,
        bool near
    ) public pure {
        if (near) {
            nameOffset %= 512;
            valueOffset %= 512;
            nameLength %= 512;
            valueLength %= 512;
        }
        bytes memory answer = abi.encode(
            32,
            nameOffset,
            valueOffset,
            uint256(0),
            uint256(0),
            nameLength,
            bytes32("name"),
            valueLength,
            bytes32("value")
        );
        (bool valid, bytes memory name, bytes memory value) = DidCalls.decodeAttribute(answer);
        if (valid) {
            assertLe(nameOffset + 64 + name.length, answer.length, "name within the answer");
            assertLe(valueOffset + 64 + value.length, answer.length, "value within the answer");
        } else {
            assertEq(value.length, 0, "nothing is answered for garbage");
        }
    }

    /// @notice An answer that was cut off anywhere is no answer.
    function testFuzz_refusesACutAnswer(bytes memory name, bytes memory value, uint256 length) public pure {
        bytes memory answer = abi.encode(IPeaqDid.Attribute(name, value, 0, 0));
        // Padding is not needed; anything less than the value's last byte is.
        uint256 needed = answer.length - ((32 - (value.length % 32)) % 32);
        length = bound(length, 0, needed - 1);
        assembly ("memory-safe") {
            mstore(answer, length)
        }
        (bool valid, , ) = DidCalls.decodeAttribute(answer);
        assertFalse(valid, "cut off");
    }
}
