// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {EpochHistory} from "../../../contracts/base/EpochHistory.sol";

/// @title EpochHistoryTest
/// @notice The packed history against a plain list of what was recorded.
contract EpochHistoryTest is FuzzTest {
    using EpochHistory for EpochHistory.History;

    struct Entry {
        uint256 epoch;
        uint256 stake;
    }

    EpochHistory.History private history;
    Entry[] private entries;

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_sameAsAPlainList(uint256 seed, uint16 count, uint8 density) external {
        uint256 epoch = seed % 1_000;
        assertTrue(history.isEmpty());
        assertEq(history.at(epoch), 0);
        uint256 records = 1 + (count % 340);
        for (uint256 i = 0; i < records; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // From several changes in an epoch to long pauses.
            epoch += random % (1 + uint256(density % 4));
            _record(epoch, (random >> 16) % (1 << 40));
            assertEq(history.latest(), entries[entries.length - 1].stake, "latest");
        }
        assertFalse(history.isEmpty());
        for (uint256 i = 0; i < 24; ++i) {
            uint256 back = uint256(keccak256(abi.encode(seed, "look", i))) % 257;
            uint256 asked = epoch + 1 > back ? epoch + 1 - back : 0;
            assertEq(history.at(asked), _expected(asked), "at");
        }
        assertEq(history.at(type(uint64).max), history.latest(), "for ever");
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_everyOneOfTheLast256EpochsIsRemembered(uint256 seed) external {
        uint256 last = 300 + (seed % 700);
        for (uint256 epoch = 1; epoch <= last; ++epoch) {
            _record(epoch, uint256(keccak256(abi.encode(seed, epoch))) % (1 << 40));
        }
        for (uint256 epoch = last - 256; epoch <= last + 1; ++epoch) {
            assertEq(history.at(epoch), _expected(epoch));
        }
    }

    function testFuzz_refusesWhatDoesNotFit(uint256 epoch, uint256 stake) external {
        vm.assume(epoch >= 1 << 24 || stake >= 1 << 40);
        vm.expectRevert(abi.encodeWithSelector(EpochHistory.ValueOutOfBounds.selector, epoch, stake));
        this.record(epoch, stake);
    }

    function record(uint256 epoch, uint256 stake) external {
        history.record(epoch, stake);
    }

    function _record(uint256 epoch, uint256 stake) private {
        history.record(epoch, stake);
        if (entries.length != 0 && entries[entries.length - 1].epoch == epoch)
            entries[entries.length - 1].stake = stake;
        else entries.push(Entry(epoch, stake));
    }

    function _expected(uint256 epoch) private view returns (uint256) {
        for (uint256 i = entries.length; i > 0; --i) {
            if (entries[i - 1].epoch <= epoch) return entries[i - 1].stake;
        }
        return 0;
    }
}
