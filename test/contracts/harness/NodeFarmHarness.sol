// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {INodeRegistry} from "../../../contracts/staking/INodeRegistry.sol";
import {INodeStaking} from "../../../contracts/staking/INodeStaking.sol";

/// @title NodeFarmHarness
/// @notice Owns many nodes: registers, bonds and seats them as any owner does, but in few transactions.
contract NodeFarmHarness {
    INodeRegistry private immutable REGISTRY;
    INodeStaking private immutable STAKING;
    IERC20 private immutable TOKEN;

    constructor(INodeRegistry registry, INodeStaking staking, IERC20 token) {
        REGISTRY = registry;
        STAKING = staking;
        TOKEN = token;
    }

    /// @notice Adds nodes, each with a bond in wei that this contract holds, all with one operator key.
    function plant(uint256 count, uint256 bondWei, address operator) external {
        TOKEN.approve(address(STAKING), count * bondWei);
        for (uint256 i = 0; i < count; ++i) {
            uint256 nodeId = REGISTRY.register(operator, 1, 1_000, 1e18, "wss://farm.example");
            STAKING.bond(nodeId, bondWei);
            REGISTRY.activate(nodeId);
        }
    }
}
