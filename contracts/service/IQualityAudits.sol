// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Attestation} from "./ServiceTypes.sol";

/// @title IQualityAudits
/// @notice Nodes audit each other: K nodes score each node in each epoch, the median weighs its availability reward.
/// @dev Scores of epoch e are committed to inside the attestation (first half of e + 1) and revealed from the second half
/// on until `proofDeadline(e)`. The auditor in seat a scores the nodes in seats a − offset_j mod N, j < K, where
/// offset_j = 1 + j·w + lane_j mod w, w = ⌊(N − 1) / K⌋, with the lanes of the seed of e − 2. Where N ≤ K, or that
/// seed was not drawn before e began, nobody can know whom to audit: the epoch is not audited, all scores are neutral.
interface IQualityAudits {
    /// @notice A node's place in the ring.
    /// @param seated Whether it has one.
    /// @param seat From 0 to N − 1.
    /// @param weight What its scores weigh: thousandths of the minimum bond, at most 10,000.
    struct Seat {
        bool seated;
        uint256 seat;
        uint256 weight;
    }

    /// @notice The audits of a node in an epoch, one entry per auditor j < K.
    /// @param audited Whether the epoch was audited and the node had a seat.
    /// @param didOwn Whether the node revealed its own audits.
    /// @param revealed How many of its auditors revealed.
    /// @param median Weighted median of the revealed scores, 0 to 10,000; 0 with fewer than half revealed.
    /// @param seats The auditors' seats.
    /// @param weights Their weights; 0 where not revealed.
    /// @param scores Their scores; 0 where not revealed.
    struct NodeAudit {
        bool audited;
        bool didOwn;
        uint256 revealed;
        uint256 median;
        uint256[] seats;
        uint256[] weights;
        uint256[] scores;
    }

    /// @notice The number of auditors is out of bounds.
    error InvalidAuditors(uint256 auditors);
    /// @notice Reveals are accepted from the second half of the next epoch until the proof deadline.
    error OutsideRevealWindow(uint256 epoch);
    /// @notice The scores are not those that the attestation committed to.
    error CommitmentMismatch(uint256 nodeId, uint256 epoch);
    /// @notice The audits were revealed before.
    error AlreadyRevealed(uint256 nodeId, uint256 epoch);
    /// @notice The node had no seat in the epoch.
    error NoSeat(uint256 nodeId, uint256 epoch);
    /// @notice A score is above 10,000, or there are more than K.
    error InvalidScores(uint256 nodeId, uint256 packedScores);

    /// @notice A node has this seat from an epoch on; weight 0: it has none.
    event SeatChanged(uint256 indexed nodeId, uint256 indexed fromEpoch, uint256 seat, uint256 weight);
    /// @notice The ring has this many seats from an epoch on.
    event RingSizeChanged(uint256 indexed fromEpoch, uint256 size);
    /// @notice A node revealed its scores.
    /// @param packedScores Score j in bits 16·j to 16·j + 15.
    event AuditsRevealed(
        uint256 indexed nodeId,
        uint256 indexed epoch,
        uint256 seat,
        uint256 weight,
        uint256 packedScores
    );

    /// @notice Records a seat from an epoch on; only the audit ring. Weight 0 takes it.
    function setSeat(uint256 nodeId, uint256 fromEpoch, uint256 seat, uint256 weight) external;

    /// @notice Records the ring's size from an epoch on; only the audit ring.
    function setRingSize(uint256 fromEpoch, uint256 size) external;

    /// @notice Reveals the scores that an attestation committed to; anyone who knows the salt.
    /// @param attestation As it was attested; its `auditCommitment` is
    /// keccak256(abi.encode(nodeId, epoch, packedScores, salt)).
    /// @param packedScores Score j in bits 16·j to 16·j + 15, for the node in seat (own − offset_j) mod N.
    function reveal(Attestation calldata attestation, uint256 packedScores, bytes32 salt) external;

    /// @notice A node's seat in an epoch.
    function seatOf(uint256 nodeId, uint256 epoch) external view returns (Seat memory);

    /// @notice A node's seat after all changes so far, those that do not count yet included.
    function latestSeatOf(uint256 nodeId) external view returns (Seat memory);

    /// @notice Seats of the ring in an epoch.
    function ringSizeAt(uint256 epoch) external view returns (uint256);

    /// @notice Seats of the ring after all changes so far.
    function latestRingSize() external view returns (uint256);

    /// @notice The offsets of an epoch, one per auditor; empty where the epoch is not audited.
    function auditOffsets(uint256 epoch) external view returns (uint256[] memory);

    /// @notice The audits of a node in an epoch as they stand; final after `proofDeadline(epoch)`.
    function auditOf(uint256 nodeId, uint256 epoch) external view returns (NodeAudit memory);

    /// @notice Auditors of a node, and nodes that an auditor scores.
    function auditorCount() external view returns (uint256);
}
