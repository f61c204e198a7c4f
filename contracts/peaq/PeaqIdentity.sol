// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Managed} from "../base/Managed.sol";
import {ServiceDomain} from "../service/ServiceDomain.sol";
import {INodeRegistry} from "../staking/INodeRegistry.sol";
import {DidCalls} from "./DidCalls.sol";
import {IPeaqIdentity} from "./IPeaqIdentity.sol";

/// @title PeaqIdentity
/// @notice Nodes and their machine accounts. See `IPeaqIdentity`.
contract PeaqIdentity is IPeaqIdentity, ServiceDomain, Managed {
    using Strings for address;
    using Strings for uint256;

    /// @notice The contracts that this one works with.
    struct Peers {
        INodeRegistry registry;
    }

    /// @custom:storage-location erc7201:dtelecom.PeaqIdentity
    struct IdentityStorage {
        mapping(uint256 nodeId => Link) links;
        mapping(uint256 nodeId => Link) proposals;
        mapping(address machine => uint256 nodeId) nodes;
        mapping(uint256 nodeId => Attribute) attributes;
        mapping(address machine => uint256) nonces;
        mapping(address account => uint256) credits;
    }

    uint256 private constant MAX_DID_BYTES = 128;
    bytes9 private constant DID_PREFIX = "did:peaq:";
    bytes32 private constant LINK_CONSENT_TYPE = keccak256(
        "LinkConsent(uint256 nodeId,address owner,address machine,bytes32 didHash,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.PeaqIdentity")) - 1)) & ~bytes32(uint256(0xff));

    INodeRegistry private immutable REGISTRY;

    constructor(address authority_, Peers memory peers) Managed(authority_) {
        if (address(peers.registry) == address(0)) revert ZeroAddress();
        REGISTRY = peers.registry;
    }

    /// @dev The chain may want every account to keep a minimum balance: anyone may give it. It is nobody's, and stays.
    receive() external payable {}

    // ----------------------------------------------------------------- linking

    /// @inheritdoc IPeaqIdentity
    function propose(uint256 nodeId, address machine, string calldata did) external {
        _checkOwner(nodeId);
        bytes32 didHash = _hashDid(did);
        _storage().proposals[nodeId] = Link({machine: machine, didHash: didHash});
        emit LinkProposed(nodeId, machine, did);
    }

    /// @inheritdoc IPeaqIdentity
    function accept(uint256 nodeId, bytes32 didHash) external {
        Link memory proposal = _storage().proposals[nodeId];
        // With the hash, so that a proposal replaced at the last moment is not accepted in its stead.
        if (proposal.machine != msg.sender || proposal.didHash != didHash)
            revert NotProposed(nodeId, msg.sender, didHash);
        delete _storage().proposals[nodeId];
        _link(nodeId, msg.sender, didHash);
    }

    /// @inheritdoc IPeaqIdentity
    function link(
        uint256 nodeId,
        address machine,
        string calldata did,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _checkOwner(nodeId);
        bytes32 didHash = _hashDid(did);
        uint256 nonce = _storage().nonces[machine]++;
        bytes32 structHash = keccak256(
            abi.encode(LINK_CONSENT_TYPE, nodeId, msg.sender, machine, didHash, nonce, deadline)
        );
        bytes32 digest = MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
        if (
            block.timestamp > deadline ||
            !SignatureChecker.isValidSignatureNowCalldata(machine, digest, signature)
        ) revert InvalidConsent(nodeId, machine);
        emit LinkProposed(nodeId, machine, did);
        emit ConsentUsed(machine, nonce);
        delete _storage().proposals[nodeId];
        _link(nodeId, machine, didHash);
    }

    /// @inheritdoc IPeaqIdentity
    function unlink(uint256 nodeId) external {
        IdentityStorage storage $ = _storage();
        address machine = $.links[nodeId].machine;
        if (machine == address(0)) revert NotLinked(nodeId);
        if (msg.sender != machine && msg.sender != REGISTRY.ownerOf(nodeId))
            revert NotOwnerOrMachine(nodeId, msg.sender);
        delete $.links[nodeId];
        delete $.nodes[machine];
        emit NodeUnlinked(nodeId, machine);
    }

    // -------------------------------------------------------------- attributes

    /// @inheritdoc IPeaqIdentity
    function publish(uint256 nodeId, uint32 salt) external payable returns (bool done) {
        IdentityStorage storage $ = _storage();
        address machine = $.links[nodeId].machine;
        if (machine == address(0)) revert NotLinked(nodeId);
        Attribute memory attribute = $.attributes[nodeId];
        if (attribute.written && attribute.machine != machine)
            revert AttributeElsewhere(nodeId, attribute.machine);
        uint256 before = address(this).balance - msg.value;
        if (attribute.written) {
            done = DidCalls.tryUpdate(machine, attributeName(nodeId, attribute.salt), attributeValue(nodeId));
        } else {
            done = DidCalls.tryAdd(machine, attributeName(nodeId, salt), attributeValue(nodeId));
            attribute = Attribute({machine: machine, salt: salt, written: true, payer: msg.sender});
        }
        uint256 left = _received(before);
        if (done) {
            $.attributes[nodeId] = attribute;
            uint256 depositWei = left < msg.value ? msg.value - left : 0;
            emit AttributePublished(nodeId, machine, attribute.salt, attribute.payer, depositWei);
        } else {
            emit PrecompileFailed(nodeId, machine);
        }
        _credit(msg.sender, left);
    }

    /// @inheritdoc IPeaqIdentity
    function unpublish(uint256 nodeId) external returns (bool done) {
        IdentityStorage storage $ = _storage();
        Attribute memory attribute = $.attributes[nodeId];
        if (!attribute.written) revert NotPublished(nodeId);
        bool isCurrent = $.links[nodeId].machine == attribute.machine;
        if (isCurrent && msg.sender != attribute.machine && msg.sender != REGISTRY.ownerOf(nodeId))
            revert NotOwnerOrMachine(nodeId, msg.sender);
        uint256 before = address(this).balance;
        done = DidCalls.tryRemove(attribute.machine, attributeName(nodeId, attribute.salt));
        if (!done) {
            emit PrecompileFailed(nodeId, attribute.machine);
            return false;
        }
        uint256 returned = _received(before);
        delete $.attributes[nodeId];
        emit AttributeRemoved(nodeId, attribute.machine, returned);
        _credit(attribute.payer, returned);
    }

    /// @inheritdoc IPeaqIdentity
    function withdraw() external {
        uint256 amount = _storage().credits[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        _storage().credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        (bool success, ) = msg.sender.call{value: amount}("");
        if (!success) revert PaymentFailed(msg.sender, amount);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IPeaqIdentity
    function isVerified(uint256 nodeId) external view returns (bool) {
        Attribute memory attribute = _storage().attributes[nodeId];
        address machine = _storage().links[nodeId].machine;
        // Only a name that this contract added: nobody else can change what stands under it.
        if (machine == address(0) || !attribute.written || attribute.machine != machine) return false;
        (bool found, bytes memory value) = DidCalls.tryRead(machine, attributeName(nodeId, attribute.salt));
        return found && keccak256(value) == keccak256(attributeValue(nodeId));
    }

    /// @inheritdoc IPeaqIdentity
    function linkOf(uint256 nodeId) external view returns (Link memory) {
        return _storage().links[nodeId];
    }

    /// @inheritdoc IPeaqIdentity
    function proposalOf(uint256 nodeId) external view returns (Link memory) {
        return _storage().proposals[nodeId];
    }

    /// @inheritdoc IPeaqIdentity
    function nodeOf(address machine) external view returns (uint256) {
        return _storage().nodes[machine];
    }

    /// @inheritdoc IPeaqIdentity
    function attributeOf(uint256 nodeId) external view returns (Attribute memory) {
        return _storage().attributes[nodeId];
    }

    /// @inheritdoc IPeaqIdentity
    function nonceOf(address machine) external view returns (uint256) {
        return _storage().nonces[machine];
    }

    /// @inheritdoc IPeaqIdentity
    function creditOf(address account) external view returns (uint256) {
        return _storage().credits[account];
    }

    /// @inheritdoc IPeaqIdentity
    function attributeName(uint256 nodeId, uint32 salt) public pure returns (bytes memory) {
        return abi.encodePacked("dtelecom.node.", nodeId.toString(), ".", uint256(salt).toString());
    }

    /// @inheritdoc IPeaqIdentity
    function attributeValue(uint256 nodeId) public view returns (bytes memory) {
        return
            abi.encodePacked(
                "eip155:",
                block.chainid.toString(),
                ":",
                address(REGISTRY).toChecksumHexString(),
                "/",
                nodeId.toString()
            );
    }

    // ---------------------------------------------------------------- internal

    function _link(uint256 nodeId, address machine, bytes32 didHash) private {
        IdentityStorage storage $ = _storage();
        address linked = $.links[nodeId].machine;
        if (linked != address(0)) revert AlreadyLinked(nodeId, linked);
        uint256 taken = $.nodes[machine];
        if (taken != 0) revert MachineTaken(machine, taken);
        $.links[nodeId] = Link({machine: machine, didHash: didHash});
        $.nodes[machine] = nodeId;
        emit NodeLinked(nodeId, machine, didHash);
    }

    /// @dev What is here beyond what was before. The precompile takes its deposit from this contract's balance, in which
    /// other people's coins lie too: it may not take more than what came with the call.
    function _received(uint256 before) private returns (uint256) {
        uint256 balance = address(this).balance;
        if (balance < before) revert DepositTooSmall(before - balance + msg.value, msg.value);
        return balance - before;
    }

    function _credit(address account, uint256 amountWei) private {
        if (amountWei == 0) return;
        _storage().credits[account] += amountWei;
        emit Credited(account, amountWei);
    }

    function _checkOwner(uint256 nodeId) private view {
        if (REGISTRY.ownerOf(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
    }

    function _hashDid(string calldata did) private pure returns (bytes32) {
        bytes calldata data = bytes(did);
        if (data.length <= 9 || data.length > MAX_DID_BYTES || bytes9(data[:9]) != DID_PREFIX)
            revert InvalidDid(data.length);
        return keccak256(data);
    }

    function _storage() private pure returns (IdentityStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
