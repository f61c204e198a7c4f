// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Managed} from "../base/Managed.sol";
import {Gwei} from "../base/Gwei.sol";
import {IServiceAttestations} from "../service/IServiceAttestations.sol";
import {INodeRegistry} from "./INodeRegistry.sol";

/// @title NodeRegistry
/// @notice Who runs which media node. See `INodeRegistry`.
contract NodeRegistry is INodeRegistry, Managed {
    using Gwei for uint256;
    using Gwei for uint64;

    /// @dev One slot.
    struct Node {
        address owner;
        uint64 pricePerGBGwei;
        uint16 region;
    }

    /// @custom:storage-location erc7201:dtelecom.NodeRegistry
    struct RegistryStorage {
        uint256 nodeCount;
        mapping(uint256 nodeId => Node) nodes;
    }

    uint256 private constant MAX_ENDPOINT_BYTES = 255;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.NodeRegistry")) - 1)) & ~bytes32(uint256(0xff));

    IServiceAttestations private immutable ATTESTATIONS;

    constructor(address authority_, IServiceAttestations attestations) Managed(authority_) {
        if (address(attestations) == address(0)) revert ZeroAddress();
        ATTESTATIONS = attestations;
    }

    // ------------------------------------------------------------------ owners

    /// @inheritdoc INodeRegistry
    function register(
        address operator,
        uint16 region,
        uint256 pricePerGBWei,
        string calldata endpoint
    ) external returns (uint256 nodeId) {
        _checkOperator(operator);
        _checkEndpoint(endpoint);
        RegistryStorage storage $ = _storage();
        nodeId = ++$.nodeCount;
        $.nodes[nodeId] = Node({owner: msg.sender, pricePerGBGwei: pricePerGBWei.fromWei(), region: region});
        emit NodeRegistered(nodeId, msg.sender, region, pricePerGBWei, endpoint);
        ATTESTATIONS.setOperator(nodeId, operator);
    }

    /// @inheritdoc INodeRegistry
    function setOperator(uint256 nodeId, address operator) external {
        _checkOwner(nodeId);
        _checkOperator(operator);
        ATTESTATIONS.setOperator(nodeId, operator);
    }

    /// @inheritdoc INodeRegistry
    function setEndpoint(uint256 nodeId, string calldata endpoint) external {
        _checkOwner(nodeId);
        _checkEndpoint(endpoint);
        emit EndpointChanged(nodeId, endpoint);
    }

    /// @inheritdoc INodeRegistry
    function setPricePerGB(uint256 nodeId, uint256 pricePerGBWei) external {
        _checkOwner(nodeId);
        _storage().nodes[nodeId].pricePerGBGwei = pricePerGBWei.fromWei();
        emit PriceChanged(nodeId, pricePerGBWei);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc INodeRegistry
    function ownerOf(uint256 nodeId) public view returns (address owner) {
        owner = _storage().nodes[nodeId].owner;
        if (owner == address(0)) revert UnknownNode(nodeId);
    }

    /// @inheritdoc INodeRegistry
    function nodeOf(
        uint256 nodeId
    ) external view returns (address owner, uint16 region, uint256 pricePerGBWei) {
        Node memory node = _storage().nodes[nodeId];
        if (node.owner == address(0)) revert UnknownNode(nodeId);
        return (node.owner, node.region, node.pricePerGBGwei.toWei());
    }

    /// @inheritdoc INodeRegistry
    function nodeCount() external view returns (uint256) {
        return _storage().nodeCount;
    }

    // ---------------------------------------------------------------- internal

    function _checkOwner(uint256 nodeId) private view {
        if (ownerOf(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
    }

    function _checkOperator(address operator) private pure {
        if (operator == address(0)) revert InvalidOperator();
    }

    function _checkEndpoint(string calldata endpoint) private pure {
        uint256 length = bytes(endpoint).length;
        if (length == 0 || length > MAX_ENDPOINT_BYTES) revert InvalidEndpoint(length);
    }

    function _storage() private pure returns (RegistryStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
