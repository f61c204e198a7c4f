// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {CompactSignature} from "./ServiceTypes.sol";

/// @title ServiceDomain
/// @notice The EIP-712 domain of a protocol contract, from constants: no storage read on the hot path.
abstract contract ServiceDomain {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME = keccak256("dTelecom");
    bytes32 private constant VERSION = keccak256("1");

    /// @notice The domain separator: name "dTelecom", version "1", this chain, this contract.
    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, block.chainid, address(this)));
    }

    /// @dev The signer of a struct hash; reverts for a signature that is malformed or malleable.
    function _recover(
        bytes32 domain,
        bytes32 structHash,
        CompactSignature calldata signature
    ) internal pure returns (address) {
        return ECDSA.recover(MessageHashUtils.toTypedDataHash(domain, structHash), signature.r, signature.vs);
    }
}
