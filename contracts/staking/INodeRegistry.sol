// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title INodeRegistry
/// @notice Who runs which media node, where it listens and what it asks. Node ids count from 1.
interface INodeRegistry {
    /// @notice Whether a node serves.
    enum Status {
        Idle,
        Active,
        Retired
    }

    /// @notice There is no such node.
    error UnknownNode(uint256 nodeId);
    /// @notice Only the node's owner may do this.
    error NotNodeOwner(uint256 nodeId, address caller);
    /// @notice The endpoint is empty or longer than 255 bytes.
    error InvalidEndpoint(uint256 length);
    /// @notice The operator key is the zero address.
    error InvalidOperator();
    /// @notice Only the node's owner or its operator key may do this.
    error NotOwnerOrOperator(uint256 nodeId, address caller);
    /// @notice The node is not in the state that this needs.
    error WrongStatus(uint256 nodeId, Status status);
    /// @notice The price is above 281,000 DTEL per 1e9 bytes.
    error PriceTooHigh(uint256 pricePerGBWei);
    /// @notice The capacity is zero.
    error InvalidCapacity();

    /// @notice A node was registered.
    /// @param nodeId Its id, from 1.
    /// @param owner The cold key: stake and money.
    /// @param region The operator's choice of region, an index into a public list kept off chain.
    /// @param capacityMbps What it can deliver at once, in 1e6 bits per second.
    /// @param pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL.
    /// @param endpoint WebSocket URL of the node's public port.
    event NodeRegistered(
        uint256 indexed nodeId,
        address indexed owner,
        uint16 region,
        uint24 capacityMbps,
        uint256 pricePerGBWei,
        string endpoint
    );
    /// @notice The node serves from now on, and stands in the audit ring from `fromEpoch` on.
    event NodeActivated(uint256 indexed nodeId, uint256 fromEpoch);
    /// @notice The node takes no new sessions; it leaves the audit ring with `fromEpoch`.
    event NodeDrained(uint256 indexed nodeId, uint256 fromEpoch);
    /// @notice The node was put in jail; it leaves the audit ring with `fromEpoch`.
    event NodeSuspended(uint256 indexed nodeId, uint256 fromEpoch);
    /// @notice The node has gone for good.
    event NodeRetired(uint256 indexed nodeId);
    /// @notice The node can deliver another rate from now on.
    event CapacityChanged(uint256 indexed nodeId, uint24 capacityMbps);
    /// @notice The node listens elsewhere from now on.
    event EndpointChanged(uint256 indexed nodeId, string endpoint);
    /// @notice The node asks another price from now on, in wei of DTEL per 1e9 bytes.
    event PriceChanged(uint256 indexed nodeId, uint256 pricePerGBWei);

    /// @notice Registers a node; the caller becomes its owner.
    /// @param operator The hot key that attests; `ServiceAttestations` keeps it.
    /// @param region The operator's choice of region.
    /// @param capacityMbps What it can deliver at once, in 1e6 bits per second.
    /// @param pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL, whole gwei.
    /// @param endpoint WebSocket URL of the node's public port, at most 255 bytes.
    /// @return nodeId The new node's id.
    function register(
        address operator,
        uint16 region,
        uint24 capacityMbps,
        uint256 pricePerGBWei,
        string calldata endpoint
    ) external returns (uint256 nodeId);

    /// @notice Takes a seat in the audit ring, two epochs from now; only the owner or the operator key. The node needs the
    /// minimum bond and must not be in jail.
    function activate(uint256 nodeId) external;

    /// @notice Leaves the audit ring two epochs from now and takes no new sessions: maintenance announced ahead, which
    /// earns no availability; only the owner or the operator key.
    function drain(uint256 nodeId) external;

    /// @notice Leaves for good; only the owner. Stake is taken out as ever.
    function retire(uint256 nodeId) external;

    /// @notice Takes a node out of service for its strikes; only `NodeStrikes`. Nothing happens to one that does not
    /// serve.
    function suspend(uint256 nodeId) external;

    /// @notice Announces another capacity; only the owner.
    function setCapacity(uint256 nodeId, uint24 capacityMbps) external;

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
    /// @return capacityMbps What it can deliver at once, in 1e6 bits per second.
    /// @return pricePerGBWei Price of 1e9 bytes delivered, in wei of DTEL.
    /// @return status Whether it serves.
    function nodeOf(
        uint256 nodeId
    )
        external
        view
        returns (address owner, uint16 region, uint24 capacityMbps, uint256 pricePerGBWei, Status status);

    /// @notice How many nodes were ever registered; ids run from 1 to this.
    function nodeCount() external view returns (uint256);
}
