// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title INodeRegistry
/// @notice Who runs which media node, where it listens and what it asks. Node ids count from 1.
interface INodeRegistry {
    /// @notice There is no such node.
    error UnknownNode(uint256 nodeId);
    /// @notice Only the node's owner may do this.
    error NotNodeOwner(uint256 nodeId, address caller);
    /// @notice The endpoint is empty or longer than 255 bytes.
    error InvalidEndpoint(uint256 length);
    /// @notice The operator key is the zero address.
    error InvalidOperator();

    /// @notice A node was registered.
    /// @param nodeId Its id, from 1.
    /// @param owner The cold key: stake and money.
    /// @param region The operator's choice of region, an index into a public list kept off chain.
    /// @param pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL.
    /// @param endpoint WebSocket URL of the node's public port.
    event NodeRegistered(
        uint256 indexed nodeId,
        address indexed owner,
        uint16 region,
        uint256 pricePerGBWei,
        string endpoint
    );
    /// @notice The node listens elsewhere from now on.
    event EndpointChanged(uint256 indexed nodeId, string endpoint);
    /// @notice The node asks another price from now on, in wei of DTEL per 1e9 bytes.
    event PriceChanged(uint256 indexed nodeId, uint256 pricePerGBWei);

    /// @notice Registers a node; the caller becomes its owner.
    /// @param operator The hot key that attests; `ServiceAttestations` keeps it.
    /// @param region The operator's choice of region.
    /// @param pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL, whole gwei.
    /// @param endpoint WebSocket URL of the node's public port, at most 255 bytes.
    /// @return nodeId The new node's id.
    function register(
        address operator,
        uint16 region,
        uint256 pricePerGBWei,
        string calldata endpoint
    ) external returns (uint256 nodeId);

    /// @notice Replaces the operator key at once; only the owner.
    function setOperator(uint256 nodeId, address operator) external;

    /// @notice Announces another endpoint; only the owner.
    function setEndpoint(uint256 nodeId, string calldata endpoint) external;

    /// @notice Announces another price; only the owner. Vouchers already signed are not affected.
    function setPricePerGB(uint256 nodeId, uint256 pricePerGBWei) external;

    /// @notice The owner of a node.
    function ownerOf(uint256 nodeId) external view returns (address);

    /// @notice A node's registration.
    /// @return owner The cold key.
    /// @return region The operator's choice of region.
    /// @return pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL.
    function nodeOf(
        uint256 nodeId
    ) external view returns (address owner, uint16 region, uint256 pricePerGBWei);

    /// @notice How many nodes were ever registered; ids run from 1 to this.
    function nodeCount() external view returns (uint256);
}
