// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StrikeMap} from "../../../contracts/penalties/StrikeMap.sol";
import {FuzzTest} from "./FuzzTest.sol";

/// @title StrikeMapTest
/// @notice The map against a plain list of struck epochs.
contract StrikeMapTest is FuzzTest {
    using StrikeMap for uint64;

    uint256 private constant SPAN = 100;

    uint64 private _map;
    uint256 private _newest;
    bool[SPAN] private _struck;

    /// @notice Whatever the order, the map holds the epochs of the last 64 that were struck, and each only once.
    function testFuzz_holdsWhatWasStruck(uint256 base, uint8[20] memory steps) public {
        base = bound(base, 0, 1 << 31);
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 step = steps[i] % SPAN;
            bool isFirst = _map == 0;
            uint256 age = !isFirst && _newest > base + step ? _newest - base - step : 0;
            if (age >= StrikeMap.EPOCHS) {
                vm.expectPartialRevert(StrikeMap.StrikeTooOld.selector);
                this.add(base + step);
                continue;
            }
            if (_struck[step]) {
                vm.expectRevert(abi.encodeWithSelector(StrikeMap.AlreadyStruck.selector, base + step));
                this.add(base + step);
                continue;
            }
            _struck[step] = true;
            this.add(base + step);
        }
        for (uint256 age = 0; age < StrikeMap.EPOCHS; ++age) {
            bool expected = _newest >= base + age && _struck[_newest - base - age];
            assertEq((_map >> age) & 1 == 1, expected, "a bit for each struck epoch");
        }
    }

    /// @notice The fullest window around an epoch is the one that counting finds.
    function testFuzz_findsTheFullestWindow(uint64 map, uint256 age, uint256 window) public pure {
        age = bound(age, 0, 63);
        window = bound(window, 1, 64);
        map |= uint64(1 << age) | 1;
        uint256 newest = 1_000;
        uint256 most = 0;
        // Windows by their first epoch: any that contains the one in question.
        for (uint256 first = newest - age - (window - 1); first <= newest - age; ++first) {
            uint256 count = 0;
            for (uint256 epoch = first; epoch < first + window; ++epoch) {
                if (epoch <= newest && newest - epoch < 64 && (map >> (newest - epoch)) & 1 == 1) ++count;
            }
            if (count > most) most = count;
        }
        assertEq(map.mostAround(newest, newest - age, window), most, "as counted one by one");
    }

    /// @notice For `this.`: a revert of the library is a revert of this call.
    function add(uint256 epoch) external {
        (_map, _newest) = _map.add(_newest, epoch);
    }
}
