// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {Gwei} from "../../../contracts/base/Gwei.sol";

/// @title GweiTest
/// @notice What is stored in gwei is exactly what came in wei, or it is refused.
contract GweiTest is FuzzTest {
    function testFuzz_wholeGweiComeBackExactly(uint64 amountGwei) external pure {
        uint256 amountWei = uint256(amountGwei) * 1e9;
        assertEq(Gwei.toWei(amountGwei), amountWei);
        assertEq(Gwei.fromWei(amountWei), amountGwei);
    }

    function testFuzz_fractionsAreRefusedOrRoundedDown(uint64 amountGwei, uint256 fraction) external {
        fraction = bound(fraction, 1, 1e9 - 1);
        uint256 amountWei = uint256(amountGwei) * 1e9 + fraction;
        assertEq(Gwei.floorFromWei(amountWei), amountGwei);
        vm.expectRevert(abi.encodeWithSelector(Gwei.NotWholeGwei.selector, amountWei));
        this.fromWei(amountWei);
    }

    function testFuzz_whatDoesNotFitIsRefused(uint256 amountWei) external {
        amountWei = bound(amountWei, (1 << 64) * 1e9, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(Gwei.NotWholeGwei.selector, amountWei));
        this.fromWei(amountWei);
        vm.expectRevert(abi.encodeWithSelector(Gwei.NotWholeGwei.selector, amountWei));
        this.floorFromWei(amountWei);
    }

    function fromWei(uint256 amountWei) external pure returns (uint64) {
        return Gwei.fromWei(amountWei);
    }

    function floorFromWei(uint256 amountWei) external pure returns (uint64) {
        return Gwei.floorFromWei(amountWei);
    }
}
