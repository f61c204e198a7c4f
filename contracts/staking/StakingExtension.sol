// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Managed} from "../base/Managed.sol";
import {Commissions} from "./Commissions.sol";
import {OwnerExits} from "./OwnerExits.sol";
import {Slashing} from "./Slashing.sol";
import {StakeRecords} from "./StakeRecords.sol";

/// @title StakingExtension
/// @notice The part of `NodeStaking` that runs rarely: owners' exits, slashes, commissions, limits. See `INodeStaking`.
/// @dev Runs by delegatecall from `NodeStaking`, which names it in an immutable, and is built with the same peers, clock
/// and config. Called directly it works on storage of its own, which nobody reads.
contract StakingExtension is OwnerExits, Slashing, Commissions {
    /// @dev A missing proof costs a quarter of the smallest bond at most.
    uint256 private constant MISSING_PROOFS_IN_BOND = 4;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        StakingConfig memory config
    ) Managed(authority_) EpochClock(clock) StakeRecords(peers, config) {}

    /// @notice Sets the minimum bond and the cap on delegation; only the authority. See `INodeStaking`.
    function setStakeLimits(uint256 minBondWei, uint256 cap) external onlyAuthority {
        uint32 limits = _packLimits(minBondWei, cap);
        // The slash for a missing proof must always fit.
        uint256 smallest = PENALTIES.missingProofSlashWei() * MISSING_PROOFS_IN_BOND;
        if (minBondWei < smallest) revert BondTooLow(minBondWei, smallest);
        _setLimits(limits);
        emit StakeLimitsChanged(minBondWei, cap);
    }
}
