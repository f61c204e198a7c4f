// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Managed} from "../base/Managed.sol";
import {Gwei} from "../base/Gwei.sol";
import {IAuditRing} from "../service/IAuditRing.sol";
import {IServiceAttestations} from "../service/IServiceAttestations.sol";
import {INodeRegistry} from "./INodeRegistry.sol";

/// @title NodeRegistry
/// @notice Who runs which media node. See `INodeRegistry`.
contract NodeRegistry is INodeRegistry, Managed {
    using Gwei for uint256;

    /// @notice The contracts that this one works with.
    struct Peers {
        IServiceAttestations attestations;
        IAuditRing ring;
        address strikes;
    }

    /// @dev One slot.
    struct Node {
        address owner;
        uint48 pricePerGBGwei;
        uint24 capacityMbps;
        uint16 region;
        Status status;
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
    IAuditRing private immutable RING;
    address private immutable STRIKES;

    constructor(address authority_, Peers memory peers) Managed(authority_) {
        if (
            address(peers.attestations) == address(0) ||
            address(peers.ring) == address(0) ||
            peers.strikes == address(0)
        ) revert ZeroAddress();
        ATTESTATIONS = peers.attestations;
        RING = peers.ring;
        STRIKES = peers.strikes;
    }

    // ------------------------------------------------------------------ owners

    /// @inheritdoc INodeRegistry
    function register(
        address operator,
        uint16 region,
        uint24 capacityMbps,
        uint256 pricePerGBWei,
        string calldata endpoint
    ) external returns (uint256 nodeId) {
        _checkOperator(operator);
        _checkEndpoint(endpoint);
        _checkCapacity(capacityMbps);
        RegistryStorage storage $ = _storage();
        nodeId = ++$.nodeCount;
        $.nodes[nodeId] = Node({
            owner: msg.sender,
            pricePerGBGwei: _toPrice(pricePerGBWei),
            capacityMbps: capacityMbps,
            region: region,
            status: Status.Idle
        });
        emit NodeRegistered(nodeId, msg.sender, region, capacityMbps, pricePerGBWei, endpoint);
        ATTESTATIONS.setOperator(nodeId, operator);
    }

    /// @inheritdoc INodeRegistry
    function activate(uint256 nodeId) external {
        _checkOwnerOrOperator(nodeId);
        Node storage node = _storage().nodes[nodeId];
        // A node that serves but lost its seat with its bond may take one again.
        if (node.status == Status.Retired) revert WrongStatus(nodeId, node.status);
        node.status = Status.Active;
        emit NodeActivated(nodeId, RING.enter(nodeId));
    }

    /// @inheritdoc INodeRegistry
    function drain(uint256 nodeId) external {
        _checkOwnerOrOperator(nodeId);
        Node storage node = _storage().nodes[nodeId];
        if (node.status != Status.Active) revert WrongStatus(nodeId, node.status);
        node.status = Status.Idle;
        emit NodeDrained(nodeId, RING.leave(nodeId));
    }

    /// @inheritdoc INodeRegistry
    function retire(uint256 nodeId) external {
        _checkOwner(nodeId);
        Node storage node = _storage().nodes[nodeId];
        if (node.status == Status.Retired) revert WrongStatus(nodeId, node.status);
        node.status = Status.Retired;
        emit NodeRetired(nodeId);
        RING.leave(nodeId);
    }

    /// @inheritdoc INodeRegistry
    function suspend(uint256 nodeId) external {
        _onlyPeer(STRIKES);
        Node storage node = _storage().nodes[nodeId];
        if (node.status != Status.Active) return;
        node.status = Status.Idle;
        emit NodeSuspended(nodeId, RING.leave(nodeId));
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
        _storage().nodes[nodeId].pricePerGBGwei = _toPrice(pricePerGBWei);
        emit PriceChanged(nodeId, pricePerGBWei);
    }

    /// @inheritdoc INodeRegistry
    function setCapacity(uint256 nodeId, uint24 capacityMbps) external {
        _checkOwner(nodeId);
        _checkCapacity(capacityMbps);
        _storage().nodes[nodeId].capacityMbps = capacityMbps;
        emit CapacityChanged(nodeId, capacityMbps);
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
    )
        external
        view
        returns (address owner, uint16 region, uint24 capacityMbps, uint256 pricePerGBWei, Status status)
    {
        Node memory node = _storage().nodes[nodeId];
        if (node.owner == address(0)) revert UnknownNode(nodeId);
        return (node.owner, node.region, node.capacityMbps, node.pricePerGBGwei * Gwei.WEI, node.status);
    }

    /// @inheritdoc INodeRegistry
    function nodeCount() external view returns (uint256) {
        return _storage().nodeCount;
    }

    // ---------------------------------------------------------------- internal

    function _checkOwner(uint256 nodeId) private view {
        if (ownerOf(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
    }

    function _checkOwnerOrOperator(uint256 nodeId) private view {
        if (ownerOf(nodeId) != msg.sender && ATTESTATIONS.operatorOf(nodeId) != msg.sender)
            revert NotOwnerOrOperator(nodeId, msg.sender);
    }

    function _checkCapacity(uint24 capacityMbps) private pure {
        if (capacityMbps == 0) revert InvalidCapacity();
    }

    function _toPrice(uint256 pricePerGBWei) private pure returns (uint48) {
        uint64 priceGwei = pricePerGBWei.fromWei();
        if (priceGwei > type(uint48).max) revert PriceTooHigh(pricePerGBWei);
        return uint48(priceGwei);
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
