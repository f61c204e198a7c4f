// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {Exits} from "../../../contracts/staking/Exits.sol";
import {INodeStaking} from "../../../contracts/staking/INodeStaking.sol";

/// @title ExitsTest
/// @notice Two waiting periods in one word against a plain list of requests.
contract ExitsTest is FuzzTest {
    using Exits for INodeStaking.Exit;

    struct Request {
        uint256 period;
        uint64 amount;
    }

    Request[] private requests;

    function testFuzz_paysWhatHasWaitedLongEnough(uint256 seed) external {
        INodeStaking.Exit memory exits;
        uint256 period = seed % 100;
        uint256 paid;
        for (uint256 i = 0; i < 60; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            period += random % 4 == 0 ? (random >> 8) % 4 : 0;
            uint64 amount = uint64(random >> 192) / 128;
            uint256 action = (random >> 64) % 3;
            if (action == 0) {
                exits.add(period, amount);
                requests.push(Request(period, amount));
            } else if (action == 1) {
                paid += exits.takeMatured(period);
                assertEq(paid, _requestedUpTo(period), "paid");
            } else {
                exits.roll(period);
                assertEq(paid + exits.matured, _requestedUpTo(period), "matured");
                assertEq(exits.previous, _requestedIn(period, 1), "previous");
                assertEq(exits.current, _requestedIn(period, 0), "current");
            }
        }
        assertEq(exits.takeMatured(period + 2) + paid, _requestedUpTo(type(uint128).max), "everything");
        assertEq(exits.previous + exits.current, 0, "nothing left");
    }

    /// @dev Asked for in period P, payable from the end of P + 1: from P + 2 on.
    function _requestedUpTo(uint256 period) private view returns (uint256 amount) {
        for (uint256 i = 0; i < requests.length; ++i) {
            if (requests[i].period + 2 <= period) amount += requests[i].amount;
        }
    }

    function _requestedIn(uint256 period, uint256 periodsAgo) private view returns (uint256 amount) {
        for (uint256 i = 0; i < requests.length; ++i) {
            if (requests[i].period + periodsAgo == period) amount += requests[i].amount;
        }
    }
}
