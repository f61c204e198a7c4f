// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IProtocolTimelock
/// @notice What the protocol adds to OpenZeppelin's `TimelockController`: bounds of the delay, a governor that can be
/// replaced by vote, decisions that lapse.
interface IProtocolTimelock {
    /// @notice The delay is out of bounds.
    error InvalidDelay(uint256 delaySeconds, uint256 minDelaySeconds, uint256 maxDelaySeconds);
    /// @notice An address that must be set is zero.
    error ZeroPeer();

    /// @notice There is a governor: the next one is announced by a vote.
    error GovernorIsSet(address governor);
    /// @notice No governor was announced, or not long enough ago, or too long ago.
    error GovernorNotReady(address next, uint256 earliest, uint256 latest);
    /// @notice Roles change with the governor and not otherwise.
    error RolesAreFixed();

    /// @notice Another governor schedules from now on; zero before the first.
    event GovernorChanged(address indexed oldGovernor, address indexed newGovernor);
    /// @notice This governor may take over from `earliest` to `latest`, Unix time in seconds; zero: none.
    event GovernorAnnounced(address indexed next, uint256 earliest, uint256 latest);

    /// @notice Makes a contract the only one that may schedule and cancel; the deployer, whose power over the timelock ends
    /// with it.
    function setGovernor(address firstGovernor) external;

    /// @notice Announces the next governor, or with zero takes an announcement back; the timelock itself, that is a vote.
    /// It may take over after twice the appeal window: those who disagree can vote on it meanwhile.
    function announceGovernor(address next) external;

    /// @notice Makes the announced governor the only one that may schedule and cancel; anyone, when it is time.
    function acceptGovernor() external;

    /// @notice The governor that was announced, and when it may take over, Unix time in seconds; zero: none.
    function announcedGovernor() external view returns (address next, uint256 earliest, uint256 latest);

    /// @notice The contract that schedules; zero until `setGovernor`.
    function governor() external view returns (address);

    // Constants and immutables are written like constants.
    // solhint-disable func-name-mixedcase
    /// @notice The delay is never less, in seconds.
    function MIN_DELAY_SECONDS() external view returns (uint256);

    /// @notice What is not executed within this time after its delay has lapsed, in seconds.
    function GRACE_SECONDS() external view returns (uint256);
    // solhint-enable func-name-mixedcase
}
