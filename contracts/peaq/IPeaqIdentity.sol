// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IPeaqIdentity
/// @notice Binds a node to a machine account of peaq, both ways: here the node's owner names the machine and the machine
/// agrees; in the machine's DID document an attribute, written by this contract, names the node.
/// @dev Nothing in the protocol depends on this: whatever the precompile does, nodes earn, stake and leave.
interface IPeaqIdentity {
    /// @notice A node's machine.
    /// @param machine Its account, a key or a smart account; zero where there is none.
    /// @param didHash Keccak-256 of its DID, which the event carries.
    struct Link {
        address machine;
        bytes32 didHash;
    }

    /// @notice The attribute that this contract wrote for a node.
    /// @param machine Under whose account.
    /// @param salt Part of its name.
    /// @param written Whether there is one.
    /// @param payer Who gets the deposit back.
    struct Attribute {
        address machine;
        uint32 salt;
        bool written;
        address payer;
    }

    /// @notice Only the node's owner may do this.
    error NotNodeOwner(uint256 nodeId, address caller);
    /// @notice Only the node's owner or its machine may do this.
    error NotOwnerOrMachine(uint256 nodeId, address caller);
    /// @notice The caller is not the machine that was proposed, or with another DID.
    error NotProposed(uint256 nodeId, address caller, bytes32 didHash);
    /// @notice The machine's signature is not valid, is used up or has expired.
    error InvalidConsent(uint256 nodeId, address machine);
    /// @notice The DID does not begin with "did:peaq:", or is longer than 128 bytes.
    error InvalidDid(uint256 length);
    /// @notice The node has a machine.
    error AlreadyLinked(uint256 nodeId, address machine);
    /// @notice The machine belongs to another node.
    error MachineTaken(address machine, uint256 nodeId);
    /// @notice The node has no machine.
    error NotLinked(uint256 nodeId);
    /// @notice The node's attribute stands under an earlier machine: remove that one first.
    error AttributeElsewhere(uint256 nodeId, address machine);
    /// @notice There is no attribute of this node that this contract wrote.
    error NotPublished(uint256 nodeId);
    /// @notice The deposit was more than what came with the call.
    error DepositTooSmall(uint256 requiredWei, uint256 sentWei);
    /// @notice There is nothing to take out.
    error NothingToWithdraw(address account);
    /// @notice The account does not accept its coins.
    error PaymentFailed(address account, uint256 amountWei);

    /// @notice An owner proposes a machine for a node.
    event LinkProposed(uint256 indexed nodeId, address indexed machine, string did);
    /// @notice A machine's signature was used: its next one must name the next nonce.
    event ConsentUsed(address indexed machine, uint256 nonce);
    /// @notice A node has a machine from now on; what was proposed for it is settled.
    event NodeLinked(uint256 indexed nodeId, address indexed machine, bytes32 didHash);
    /// @notice A node has no machine any more.
    event NodeUnlinked(uint256 indexed nodeId, address indexed machine);
    /// @notice The attribute that names the node was written under its machine's account.
    /// @param depositWei What the precompile took.
    event AttributePublished(
        uint256 indexed nodeId,
        address indexed machine,
        uint32 salt,
        address indexed payer,
        uint256 depositWei
    );
    /// @notice The attribute was removed.
    /// @param returnedWei What the precompile gave back, for the one who paid.
    event AttributeRemoved(uint256 indexed nodeId, address indexed machine, uint256 returnedWei);
    /// @notice The precompile is not there, refused, or answered nonsense; nothing has changed.
    event PrecompileFailed(uint256 indexed nodeId, address indexed machine);
    /// @notice An account has this much more to take out, in wei of the native coin.
    event Credited(address indexed account, uint256 amountWei);
    /// @notice An account took its coins out.
    event Withdrawn(address indexed account, uint256 amountWei);

    /// @notice Proposes a machine; only the node's owner. A later proposal replaces it.
    /// @param did Begins with "did:peaq:", at most 128 bytes.
    function propose(uint256 nodeId, address machine, string calldata did) external;

    /// @notice Agrees to a proposal; only the machine.
    /// @param didHash Keccak-256 of the proposed DID.
    function accept(uint256 nodeId, bytes32 didHash) external;

    /// @notice Links a machine that has signed its consent; only the node's owner.
    /// @param deadline Unix time in seconds until which the signature holds.
    /// @param signature The machine's, EIP-712 by a key or ERC-1271 by a smart account, over LinkConsent(uint256
    /// nodeId,address owner,address machine,bytes32 didHash,uint256 nonce,uint256 deadline).
    function link(
        uint256 nodeId,
        address machine,
        string calldata did,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Ends a link; only the node's owner or the machine.
    function unlink(uint256 nodeId) external;

    /// @notice Writes the attribute that names the node under its machine's account, or writes it again; anyone. What is sent
    /// pays the precompile's deposit; the rest is credited.
    /// @param salt Part of the attribute's name: if somebody has taken the name, choose another. Unused where it is written
    /// again.
    /// @return Whether it was written.
    function publish(uint256 nodeId, uint32 salt) external payable returns (bool);

    /// @notice Removes the attribute; the node's owner, the machine that it stands under, or anyone once that is not the
    /// node's machine any more. The deposit is credited to who paid it.
    /// @return Whether it was removed.
    function unpublish(uint256 nodeId) external returns (bool);

    /// @notice Takes out what was credited to the caller.
    function withdraw() external;

    /// @notice Whether node and machine name each other: they are linked, and the attribute under the machine's account is
    /// the one that this contract wrote. Never reverts because of the precompile.
    function isVerified(uint256 nodeId) external view returns (bool);

    /// @notice A node's machine.
    function linkOf(uint256 nodeId) external view returns (Link memory);

    /// @notice What was proposed for a node; empty after it was accepted.
    function proposalOf(uint256 nodeId) external view returns (Link memory);

    /// @notice The node that a machine belongs to; 0 where there is none.
    function nodeOf(address machine) external view returns (uint256);

    /// @notice The attribute that this contract wrote for a node.
    function attributeOf(uint256 nodeId) external view returns (Attribute memory);

    /// @notice Consents of a machine that are used up: what its next signature must name.
    function nonceOf(address machine) external view returns (uint256);

    /// @notice What an account can take out, in wei of the native coin.
    function creditOf(address account) external view returns (uint256);

    /// @notice Name of a node's attribute: "dtelecom.node.<nodeId>.<salt>".
    function attributeName(uint256 nodeId, uint32 salt) external pure returns (bytes memory);

    /// @notice Value of a node's attribute: "eip155:<chain id>:<registry>/<nodeId>".
    function attributeValue(uint256 nodeId) external view returns (bytes memory);
}
