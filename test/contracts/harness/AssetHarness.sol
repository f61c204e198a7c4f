// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title AssetHarness
/// @notice A token that may take a fee of every transfer, and that may call out in the middle of one.
contract AssetHarness is ERC20 {
    uint8 private immutable DECIMALS;
    uint256 private immutable FEE_BPS;
    address private hook;
    bytes private hookData;
    /// @notice Whether the last call out in a transfer went through.
    bool public hookSucceeded;

    constructor(uint8 decimals_, uint256 feeBps) ERC20("Asset", "AST") {
        DECIMALS = decimals_;
        FEE_BPS = feeBps;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice From now on every transfer calls this.
    function callOnTransfer(address target, bytes calldata data) external {
        hook = target;
        hookData = data;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) ? 0 : (value * FEE_BPS) / 10_000;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
        if (hook != address(0)) (hookSucceeded, ) = hook.call(hookData);
    }
}
