// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ITokenVesting
/// @notice All allocations of the genesis supply, under one Merkle root that is fixed at deployment.
/// @dev An allocation is known by its leaf, keccak256(bytes.concat(keccak256(abi.encode(allocation)))), the format of
/// OpenZeppelin's `StandardMerkleTree`. Whoever claims brings the allocation and its proof along.
interface ITokenVesting {
    /// @notice One allocation: nothing until the cliff ends, from then on evenly over the duration.
    /// @param index Position in the list; tells apart allocations that are otherwise the same.
    /// @param beneficiary Receives the tokens.
    /// @param amountWei All of it, in wei.
    /// @param start Unix time at which the cliff begins, in seconds.
    /// @param cliffSeconds Nothing vests for so long, and nothing is made up for afterwards.
    /// @param durationSeconds Vests evenly over this time after the cliff; 0: all of it when the cliff ends.
    /// @param revocable Whether governance may take back what has not vested.
    struct Allocation {
        uint256 index;
        address beneficiary;
        uint256 amountWei;
        uint256 start;
        uint256 cliffSeconds;
        uint256 durationSeconds;
        bool revocable;
    }

    /// @notice What happened to an allocation.
    /// @param claimedWei Paid to the beneficiary so far, in wei.
    /// @param cappedWei What had vested when it was revoked, in wei: the beneficiary never gets more.
    /// @param revoked Whether it was revoked.
    struct Progress {
        uint96 claimedWei;
        uint96 cappedWei;
        bool revoked;
    }

    /// @notice The caller is not the authority. Call through `AccessManager.execute`.
    error NotAuthority(address caller);
    /// @notice A constructor argument is zero.
    error ZeroArgument();
    /// @notice The allocation is not in the tree.
    error NotInTree(bytes32 leaf);
    /// @notice The list that the tree was made of holds an allocation that makes no sense.
    error InvalidAllocation(uint256 index);
    /// @notice Nothing has vested that was not claimed.
    error NothingToClaim(uint256 index);
    /// @notice The list says that this allocation cannot be taken back.
    error NotRevocable(uint256 index);
    /// @notice The allocation was revoked before, or has vested.
    error NothingToRevoke(uint256 index);

    /// @notice Vested tokens were paid, in wei.
    event Claimed(bytes32 indexed leaf, address indexed beneficiary, uint256 index, uint256 amount);
    /// @notice An allocation ends: the beneficiary keeps `vested`, `returned` went to the treasury; in wei.
    event Revoked(
        bytes32 indexed leaf,
        address indexed beneficiary,
        uint256 index,
        uint256 vested,
        uint256 returned
    );

    /// @notice Pays what has vested to the beneficiary; anyone, any number of times.
    /// @return amount Paid, in wei.
    function claim(
        Allocation calldata allocation,
        bytes32[] calldata proof
    ) external returns (uint256 amount);

    /// @notice Takes back what has not vested of a revocable allocation, for the treasury; only the authority. What has
    /// vested stays claimable.
    /// @return returned To the treasury, in wei.
    function revoke(
        Allocation calldata allocation,
        bytes32[] calldata proof
    ) external returns (uint256 returned);

    /// @notice What could be claimed now, in wei. The allocation is not looked up in the tree.
    function claimableOf(Allocation calldata allocation) external view returns (uint256);

    /// @notice What happened to an allocation so far.
    function progressOf(bytes32 leaf) external view returns (Progress memory);

    /// @notice The leaf of an allocation.
    function leafOf(Allocation calldata allocation) external pure returns (bytes32);

    // Immutables are written like constants.
    // solhint-disable func-name-mixedcase
    /// @notice The root of all allocations.
    function ROOT() external view returns (bytes32);
    // solhint-enable func-name-mixedcase
}
