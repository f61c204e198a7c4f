// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Gwei} from "../base/Gwei.sol";
import {Exits} from "./Exits.sol";
import {StakeRecords} from "./StakeRecords.sol";

/// @title OwnerExits
/// @notice How owners take out bond and income. A part of `StakingExtension`.
abstract contract OwnerExits is StakeRecords {
    using Exits for Exit;
    using Gwei for uint256;
    using Gwei for uint64;

    /// @notice Asks to take out a part of the bond; only the owner. See `INodeStaking`.
    function requestUnbond(uint256 nodeId, uint256 amount) external {
        _checkOwner(nodeId);
        uint64 amountGwei = _nonZero(amount);
        StakingStorage storage $ = _storage();
        Pool memory pool = $.pools[nodeId];
        if (amountGwei > pool.bond) revert InsufficientBond(amount, pool.bond.toWei());
        pool.bond -= amountGwei;
        if (pool.bond != 0) {
            (uint256 required, uint256 cap) = _limits();
            required = Math.max(required, pool.assets / cap);
            if (pool.bond < required) revert BondTooLow(pool.bond.toWei(), required * Gwei.WEI);
        }
        uint256 period = _period();
        Exit memory exits = $.bondExits[nodeId];
        exits.rollInFull(period);
        exits.current += amountGwei;
        $.bondExits[nodeId] = exits;
        emit BondExitRequested(nodeId, msg.sender, amount, period);
        _save(nodeId, pool);
    }

    /// @notice Pays what has matured of the bond's exits to the owner; only the owner. See `INodeStaking`.
    function withdrawBond(uint256 nodeId) external returns (uint256 amount) {
        _checkOwner(nodeId);
        StakingStorage storage $ = _storage();
        Exit memory exits = $.bondExits[nodeId];
        exits.rollInFull(_period());
        amount = exits.matured.toWei();
        if (amount == 0) revert NothingToWithdraw(nodeId, msg.sender);
        exits.matured = 0;
        $.bondExits[nodeId] = exits;
        emit BondWithdrawn(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, amount);
    }

    /// @notice Pays the owner's income; only the owner. See `INodeStaking`.
    function claimOwnerIncome(uint256 nodeId) external returns (uint256 amount) {
        _checkOwner(nodeId);
        IncomeStream storage stream = _storage().streams[nodeId];
        amount = stream.ownerIncome * Gwei.WEI;
        if (amount == 0) revert NothingToWithdraw(nodeId, msg.sender);
        stream.ownerIncome = 0;
        emit OwnerIncomeClaimed(nodeId, msg.sender, amount);
        _pay(msg.sender, amount, 0);
    }
}
