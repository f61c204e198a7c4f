// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {EpochClock} from "../../../contracts/base/EpochClock.sol";
import {INodeStaking} from "../../../contracts/staking/INodeStaking.sol";
import {IncomeVesting} from "../../../contracts/staking/IncomeVesting.sol";

/// @title IncomeVestingTest
/// @notice A stream that is touched at random moments vests what an exact one would, and never more.
contract IncomeVestingTest is FuzzTest, IncomeVesting {
    struct Credit {
        uint256 epoch;
        uint56 amount;
    }

    uint256 private constant EPOCH = 600;
    uint256 private constant START = 1_000_000;

    Credit[] private credits;

    constructor() EpochClock(ClockConfig({genesis: START, epochSeconds: EPOCH, epochBlocks: 32})) {}

    function testFuzz_vestsExactlyWhoeverTouchesItWhen(uint256 seed) external {
        INodeStaking.IncomeStream memory stream;
        uint256 time = START + (seed % EPOCH);
        uint256 total;
        uint56 before;
        for (uint256 i = 0; i < 50; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // Within a second, within an epoch, over several.
            time += random % 3 == 0 ? 0 : (random >> 8) % (random % 3 == 1 ? 200 : 3 * EPOCH);
            vm.warp(time);
            _advance(stream);
            assertGe(stream.vested, before, "never falls");
            assertEq(uint256(stream.vested) + stream.streaming + stream.arriving, total, "nothing lost");
            _assertExact(stream.vested, time, i);
            before = stream.vested;
            if ((random >> 64) % 2 == 0) {
                uint56 amount = uint56((random >> 128) % (random % 5 == 0 ? 3 : 1 << 44));
                stream.arriving += amount;
                total += amount;
                credits.push(Credit(epochAt(time), amount));
            }
        }
        vm.warp(time + 2 * EPOCH);
        _advance(stream);
        assertEq(stream.vested, total, "all of it in the end");
    }

    /// @dev Each touch may round a gwei down until the epoch ends.
    function _assertExact(uint256 vested, uint256 time, uint256 touches) private view {
        uint256 epoch = epochAt(time);
        uint256 whole;
        uint256 running;
        for (uint256 i = 0; i < credits.length; ++i) {
            if (credits[i].epoch + 1 < epoch) whole += credits[i].amount;
            else if (credits[i].epoch + 1 == epoch) running += credits[i].amount;
        }
        uint256 exact = whole + (running * (time - epochStart(epoch))) / EPOCH;
        assertLe(vested, exact, "not early");
        assertGe(vested + touches + 1, exact, "not late");
    }
}
