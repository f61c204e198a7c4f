// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ReceiverHarness
/// @notice A contract that is paid: it may refuse, or call back in the middle of the payment.
contract ReceiverHarness {
    error Refused();

    bool private refuses;
    address private hook;
    bytes private hookData;
    /// @notice Whether the last call back went through.
    bool public hookSucceeded;
    /// @notice Payments received.
    uint256 public payments;

    receive() external payable {
        if (refuses) revert Refused();
        ++payments;
        if (hook != address(0)) (hookSucceeded, ) = hook.call(hookData);
    }

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function callBack(address target, bytes calldata data) external {
        hook = target;
        hookData = data;
    }

    /// @notice Calls as this contract.
    function act(address target, bytes calldata data) external payable {
        (bool success, bytes memory result) = target.call{value: msg.value}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}
