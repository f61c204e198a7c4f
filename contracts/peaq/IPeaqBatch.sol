// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPeaqBatch
/// @notice peaq's batch precompile at 0x0000000000000000000000000000000000000805: several calls in one transaction, each as
/// the caller's own. For externally owned accounts only.
/// @dev Missing values, call data and gas limits count as zero or empty; a gas limit of zero forwards all there is.
interface IPeaqBatch {
    /// @notice A call went through.
    event SubcallSucceeded(uint256 index);
    /// @notice A call failed.
    event SubcallFailed(uint256 index);

    /// @notice Makes all calls, or none.
    function batchAll(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external;

    /// @notice Makes all calls; those that fail change nothing.
    function batchSome(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external;

    /// @notice Makes calls until one fails.
    function batchSomeUntilFailure(
        address[] calldata to,
        uint256[] calldata value,
        bytes[] calldata callData,
        uint64[] calldata gasLimit
    ) external;
}
