// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {StdAssertions} from "forge-std/StdAssertions.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title FuzzTest
/// @notice The part of forge-std's `Test` that is used here. All of it would take twice as long to compile.
abstract contract FuzzTest is StdAssertions, StdUtils {
    // The name that tests know it by.
    // solhint-disable-next-line const-name-snakecase
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
}
