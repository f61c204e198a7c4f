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
                exits.rollInFull(period);
                exits.current += amount;
                requests.push(Request(period, amount));
            } else if (action == 1) {
                paid += _takeMatured(exits, period);
                assertEq(paid, _requestedUpTo(period), "paid");
            } else {
                exits.rollInFull(period);
                assertEq(paid + exits.matured, _requestedUpTo(period), "matured");
                assertEq(exits.previous, _requestedIn(period, 1), "previous");
                assertEq(exits.current, _requestedIn(period, 0), "current");
            }
        }
        assertEq(_takeMatured(exits, period + 2) + paid, _requestedUpTo(type(uint128).max), "everything");
        assertEq(exits.previous + exits.current, 0, "nothing left");
    }

    /// @notice What was taken goes back to where it stands now.
    function testFuzz_putsBackWhereItStandsNow(
        uint64 previous,
        uint64 current,
        uint8 later,
        uint64 amount
    ) external pure {
        INodeStaking.Exit memory exits;
        exits.period = 10;
        exits.previous = previous / 4;
        exits.current = current / 4;
        uint256 period = 10 + uint256(later % 4);
        exits.rollInFull(period);
        uint256 before = uint256(exits.matured) + exits.previous + exits.current;
        exits.putBack(10, amount / 4);
        assertEq(uint256(exits.matured) + exits.previous + exits.current, before + amount / 4, "all of it");
        if (period == 10) assertEq(exits.current, current / 4 + amount / 4, "still current");
        if (period == 11) assertEq(exits.previous, current / 4 + amount / 4, "of the period before");
        if (period >= 12) assertEq(exits.matured, before + amount / 4, "payable");
    }

    function _takeMatured(
        INodeStaking.Exit memory exits,
        uint256 period
    ) private pure returns (uint64 amount) {
        exits.rollInFull(period);
        amount = exits.matured;
        exits.matured = 0;
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
