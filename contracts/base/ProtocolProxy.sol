// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title ProtocolProxy
/// @notice The ERC-1967 proxy in front of each upgradeable contract of the protocol.
contract ProtocolProxy is ERC1967Proxy {
    constructor(address implementation) ERC1967Proxy(implementation, "") {}

    /// @dev Protocol contracts run on no state set at construction: there is nothing to initialise, so nothing
    /// that somebody else could initialise first.
    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}
