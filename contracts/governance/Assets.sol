// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Assets
/// @notice ERC-20 tokens and the native coin alike; the native coin is address zero.
library Assets {
    using SafeERC20 for IERC20;

    /// @notice The address is no asset of its own.
    error InvalidAsset(address asset);

    address internal constant NATIVE = address(0);
    /// @dev peaq's native coin as an ERC-20: the same money once more. Taken for an asset beside the native coin it would
    /// be counted twice.
    address private constant NATIVE_AS_ERC20 = 0x0000000000000000000000000000000000000809;

    /// @notice Refuses what is no asset of its own.
    function check(address asset) internal pure {
        if (asset == NATIVE_AS_ERC20) revert InvalidAsset(asset);
    }

    /// @notice What this contract has of an asset.
    function held(address asset) internal view returns (uint256) {
        return asset == NATIVE ? address(this).balance : IERC20(asset).balanceOf(address(this));
    }

    /// @notice Pays out. With the native coin the receiver runs code: state is written before.
    function send(address asset, address to, uint256 amount) internal {
        if (asset == NATIVE) Address.sendValue(payable(to), amount);
        else IERC20(asset).safeTransfer(to, amount);
    }
}
