// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Managed} from "./Managed.sol";

/// @title InertImplementation
/// @notice What every proxy is first deployed on: it can do nothing but be upgraded by the authority.
/// @dev The protocol's contracts hold each other's addresses as immutables. Deploying all proxies on this one
/// first makes the addresses known before the real implementations are built.
contract InertImplementation is Managed {
    constructor(address authority_) Managed(authority_) {}
}
