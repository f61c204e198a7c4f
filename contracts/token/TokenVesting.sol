// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {InertVotes} from "../governance/InertVotes.sol";
import {ITokenVesting} from "./ITokenVesting.sol";
import {LinearVesting} from "./LinearVesting.sol";

/// @title TokenVesting
/// @notice Holds the genesis supply until it has vested. Not upgradeable. See `ITokenVesting`.
/// @dev State is kept by leaf, not by index: whatever the list says, two allocations never share it.
contract TokenVesting is ITokenVesting {
    using SafeERC20 for IERC20;

    address private immutable AUTHORITY;
    /// @notice DTEL.
    IERC20 public immutable TOKEN;
    /// @notice Receives what is revoked.
    address public immutable TREASURY;
    /// @inheritdoc ITokenVesting
    bytes32 public immutable ROOT;

    mapping(bytes32 leaf => Progress progress) private _progress;

    /// @param authority_ The protocol's `AccessManager`: revokes.
    /// @param token DTEL; whoever deploys this sends it the supply.
    /// @param treasury Receives what is revoked.
    /// @param root Of the tree of allocations.
    constructor(address authority_, address token, address treasury, bytes32 root) {
        if (authority_ == address(0) || token == address(0) || treasury == address(0) || root == 0)
            revert ZeroArgument();
        AUTHORITY = authority_;
        TOKEN = IERC20(token);
        TREASURY = treasury;
        ROOT = root;
        // What has not vested votes for nobody, and is not counted in the quorum.
        IVotes(token).delegate(InertVotes.ADDRESS);
    }

    /// @inheritdoc ITokenVesting
    function claim(
        Allocation calldata allocation,
        bytes32[] calldata proof
    ) external returns (uint256 amount) {
        bytes32 leaf = _checked(allocation, proof);
        Progress memory progress = _progress[leaf];
        amount = _claimable(allocation, progress);
        if (amount == 0) revert NothingToClaim(allocation.index);
        // At most `amountWei`, whose bound was checked.
        progress.claimedWei += uint96(amount);
        _progress[leaf] = progress;
        emit Claimed(leaf, allocation.beneficiary, allocation.index, amount);
        TOKEN.safeTransfer(allocation.beneficiary, amount);
    }

    /// @inheritdoc ITokenVesting
    function revoke(
        Allocation calldata allocation,
        bytes32[] calldata proof
    ) external returns (uint256 returned) {
        if (msg.sender != AUTHORITY) revert NotAuthority(msg.sender);
        bytes32 leaf = _checked(allocation, proof);
        if (!allocation.revocable) revert NotRevocable(allocation.index);
        Progress memory progress = _progress[leaf];
        uint256 vested = _vested(allocation);
        if (progress.revoked || vested == allocation.amountWei) revert NothingToRevoke(allocation.index);
        returned = allocation.amountWei - vested;
        // At most `amountWei`, whose bound was checked.
        progress.cappedWei = uint96(vested);
        progress.revoked = true;
        _progress[leaf] = progress;
        emit Revoked(leaf, allocation.beneficiary, allocation.index, vested, returned);
        TOKEN.safeTransfer(TREASURY, returned);
    }

    /// @notice The `AccessManager` through which a revocation must come.
    function authority() external view returns (address) {
        return AUTHORITY;
    }

    /// @inheritdoc ITokenVesting
    function claimableOf(Allocation calldata allocation) external view returns (uint256) {
        return _claimable(allocation, _progress[leafOf(allocation)]);
    }

    /// @inheritdoc ITokenVesting
    function progressOf(bytes32 leaf) external view returns (Progress memory) {
        return _progress[leaf];
    }

    /// @inheritdoc ITokenVesting
    function leafOf(Allocation calldata allocation) public pure returns (bytes32) {
        // Hashed twice: an inner node of the tree, which is 64 bytes hashed once, can never be taken for a leaf.
        return keccak256(bytes.concat(keccak256(abi.encode(allocation))));
    }

    /// @dev The leaf of an allocation that is in the tree and whose figures can be worked with.
    function _checked(
        Allocation calldata allocation,
        bytes32[] calldata proof
    ) private view returns (bytes32 leaf) {
        leaf = leafOf(allocation);
        if (!MerkleProof.verifyCalldata(proof, ROOT, leaf)) revert NotInTree(leaf);
        if (
            allocation.beneficiary == address(0) ||
            allocation.amountWei > type(uint96).max ||
            !LinearVesting.isValid(allocation.start, allocation.cliffSeconds, allocation.durationSeconds)
        ) revert InvalidAllocation(allocation.index);
    }

    function _claimable(
        Allocation calldata allocation,
        Progress memory progress
    ) private view returns (uint256) {
        return (progress.revoked ? progress.cappedWei : _vested(allocation)) - progress.claimedWei;
    }

    function _vested(Allocation calldata allocation) private view returns (uint256) {
        return
            LinearVesting.vestedAt(
                allocation.amountWei,
                allocation.start,
                allocation.cliffSeconds,
                allocation.durationSeconds,
                block.timestamp
            );
    }
}
