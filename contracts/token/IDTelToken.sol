// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IDTelToken
/// @notice What the protocol adds to ERC-20, ERC-2612, ERC-5805 and ERC-1363: bounded emission, votes of staked tokens.
interface IDTelToken is IERC20 {
    /// @notice The caller is not the contract that may do this.
    error NotPeer(address caller);
    /// @notice The constructor was given a zero address.
    error InvalidPeer(address distributor, address staking);
    /// @notice Emission would begin more than 30 days before the deployment.
    error EmissionStartTooEarly(uint256 emissionStart);
    /// @notice A payment or burn would leave fewer tokens in `NodeStaking` than vote through it.
    error UnitsNotBacked(uint256 amount, uint256 votelessStake);
    /// @notice Minting would exceed what the emission schedule allows by now.
    /// @param emittedWei What would have been emitted in all, the genesis allocation left out.
    /// @param dueWei What the schedule allows by now.
    error EmissionExceeded(uint256 emittedWei, uint256 dueWei);

    /// @notice An account's tokens in `NodeStaking` that still vote for it have changed.
    /// @param account Whose votes they are.
    /// @param units Voting units held through stake from now on, in wei.
    event StakedUnitsChanged(address indexed account, uint256 units);

    /// @notice Mints emission; only the reward distributor, only up to the schedule.
    /// @param to Receiver.
    /// @param amount In wei.
    function mint(address to, uint256 amount) external;

    /// @notice Moves stake in: tokens leave `from`, the votes do not; only `NodeStaking`, which needs an allowance.
    /// @param from The staker, whose votes the tokens remain.
    /// @param amount In wei.
    function stakeFrom(address from, uint256 amount) external;

    /// @notice Pays stake out and gives the units back; only `NodeStaking`.
    /// @param to The staker.
    /// @param amount Tokens to pay, in wei.
    /// @param units Voting units to take back, in wei, at most `stakedUnitsOf(to)`.
    function unstakeTo(address to, uint256 amount, uint256 units) external;

    /// @notice Voting units that an account holds through its stake, in wei.
    function stakedUnitsOf(address account) external view returns (uint256);

    /// @notice Tokens in `NodeStaking` that nobody votes with, in wei: its balance less the units of all accounts. Never
    /// below zero, whatever `NodeStaking` is upgraded to: votes cannot be made without tokens.
    function votelessStake() external view returns (uint256);

    /// @notice Emission minted so far, the genesis allocation left out, in wei. Burns do not lower it.
    function emitted() external view returns (uint256);
}
