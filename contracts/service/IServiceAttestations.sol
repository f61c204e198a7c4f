// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Attestation, Opening, SignedAttestation} from "./ServiceTypes.sol";

/// @title IServiceAttestations
/// @notice Nodes attest what they delivered in an epoch; a seed picks who must prove it by opening samples.
/// @dev For epoch e: attest in the first half of e + 1; arm, draw and prove in the second half and until
/// `proofDeadline(e)`; claim after it.
interface IServiceAttestations {
    /// @notice What is known of a node's attestation of an epoch.
    enum Status {
        None,
        Attested,
        Proven,
        Faulted
    }

    /// @notice How nodes are picked.
    /// @param laneOdds A lane picks a node if it, combined with 32 bits of a hash of the node, is below this; with eight lanes the probability in
    /// all is 1 − (1 − laneOdds / 2^32)^8.
    /// @param alwaysProveAboveWei A node whose fees burned more than this in the epoch must prove in any case.
    struct SamplingConfig {
        uint256 laneOdds;
        uint256 alwaysProveAboveWei;
    }

    /// @notice An epoch as it was drawn.
    /// @param burnedGwei Fees burned in it, in gwei.
    /// @param activeStakeMilli Active stake as it began, in thousandths of a DTEL.
    /// @param drawnAt Unix time of the draw in seconds; 0 while only armed.
    /// @param blockNumber Block of the draw; while only armed, the first block whose hash becomes a lane.
    /// @param lap Which lap of the ring this is; see `EpochClock`.
    /// @param ringSize Seats of the audit ring, once drawn; 0 where the epoch is not audited.
    struct EpochRecord {
        uint64 burnedGwei;
        uint40 activeStakeMilli;
        uint40 drawnAt;
        uint40 blockNumber;
        uint24 lap;
        uint24 ringSize;
    }

    /// @notice What a claim needs to know of an epoch and of a node's attestation.
    /// @param alreadyClaimed The epoch was claimed before; nothing else is filled in and nothing has changed.
    /// @param attested The node attested the epoch.
    /// @param workEarned It delivered something, and proved it or did not have to.
    /// @param available It stood in the audit ring and, in an audited epoch, revealed its own audits.
    /// @param scored At least half of its auditors revealed; else its score is the neutral one.
    /// @param auditScore Weighted median of their scores, 0 to 10,000.
    /// @param burnedWei Fees burned in the epoch by all nodes.
    /// @param activeStakeWei Active stake as the epoch began.
    struct Settlement {
        bool alreadyClaimed;
        bool attested;
        bool workEarned;
        bool available;
        bool scored;
        uint256 auditScore;
        uint256 burnedWei;
        uint256 activeStakeWei;
    }

    /// @notice Sampling parameters are out of bounds.
    error InvalidSampling(uint256 laneOdds);
    /// @notice Neither sent nor signed by the node's operator key.
    error NotOperator(uint256 nodeId, address signer);
    /// @notice The epoch can be attested only in the first half of the next one.
    /// @param opensAt Unix time in seconds.
    /// @param closesAt Unix time in seconds, itself outside.
    error OutsideCommitWindow(uint256 epoch, uint256 opensAt, uint256 closesAt);
    /// @notice The first attestation of a (node, epoch) stands.
    error AlreadyAttested(uint256 nodeId, uint256 epoch);
    /// @notice Totals contradict each other: bytes, sessions and root are all zero or none is.
    error InvalidTotals(uint256 nodeId, uint256 bytesDelivered, uint256 sessions);
    /// @notice The attestation is not the one on record, or there is none to prove.
    error AttestationMismatch(uint256 nodeId, uint256 epoch);
    /// @notice The seed is drawn already, or armed and still within reach.
    error AlreadyArmed(uint256 epoch, uint256 blockNumber);
    /// @notice The commit window of the epoch has not closed.
    error CommitWindowOpen(uint256 epoch, uint256 closesAt);
    /// @notice The epoch left the ring.
    error EpochExpired(uint256 epoch);
    /// @notice The seed can be drawn only after it was armed and its last block is past and within reach.
    error NotDrawable(uint256 epoch, uint256 firstBlock);
    /// @notice The seed of the epoch is not drawn yet.
    error SeedNotDrawn(uint256 epoch);
    /// @notice The proof deadline of the epoch has passed.
    error ProofDeadlinePassed(uint256 epoch, uint256 deadline);
    /// @notice The proof deadline of the epoch has not passed.
    error ProofDeadlineNotPassed(uint256 epoch);
    /// @notice Nothing was delivered, so there is nothing to open.
    error NothingToProve(uint256 nodeId, uint256 epoch);
    /// @notice No proof is missing: the node has proven, did not have to, or was reported before.
    error NoProofMissing(uint256 nodeId, uint256 epoch);

    /// @notice The key that may attest for a node changed.
    event OperatorChanged(uint256 indexed nodeId, address indexed operator);
    /// @notice A node attested an epoch.
    event Attested(
        uint256 indexed nodeId,
        uint256 indexed epoch,
        bytes32 receiptRoot,
        uint256 bytesDelivered,
        uint256 sessions,
        bytes32 auditCommitment
    );
    /// @notice The blocks of an epoch's seed are fixed: `firstBlock` + 2i for lane i of 8.
    event SeedArmed(uint256 indexed epoch, uint256 firstBlock);
    /// @notice An epoch's seed was drawn, and its totals fixed, in wei.
    /// @param ringSize Seats of the audit ring; 0 where the epoch is not audited.
    event SeedDrawn(
        uint256 indexed epoch,
        bytes32 seed,
        uint256 burned,
        uint256 activeStake,
        uint256 ringSize
    );
    /// @notice A node opened its samples of an epoch.
    event ServiceProven(uint256 indexed nodeId, uint256 indexed epoch);
    /// @notice A proof that a node owed did not come: no work reward for the epoch.
    event ProofMissing(uint256 indexed nodeId, uint256 indexed epoch);

    /// @notice Sets the key that attests for a node; only the registry.
    function setOperator(uint256 nodeId, address operator) external;

    /// @notice Attests an epoch; only the node's operator key, in the first half of the next epoch.
    function attest(Attestation calldata attestation) external;

    /// @notice Attests for several nodes by their operators' signatures; anyone. One that is attested already or is not by
    /// the node's operator is passed over, so that nobody can make the others fail with it.
    function attestBatch(SignedAttestation[] calldata attestations) external;

    /// @notice Fixes the blocks whose hashes become the seed of an epoch; anyone, once its commit window closed,
    /// and again when hashes have gone out of reach.
    function arm(uint256 epoch) external;

    /// @notice Reads the hashes and fixes the epoch's totals; anyone, from 16 blocks after `arm` on.
    function draw(uint256 epoch) external;

    /// @notice Opens the samples of an attested epoch; anyone, until its proof deadline.
    /// @param attestation As it was attested.
    /// @param openings One per sample, in order.
    function prove(Attestation calldata attestation, Opening[] calldata openings) external;

    /// @notice Records that a proof did not come, once, after the proof deadline; only the penalty manager.
    /// @param attestation As it was attested.
    /// @param nodeBurnedWei Fees that the node burned in the epoch.
    function markProofMissing(Attestation calldata attestation, uint256 nodeBurnedWei) external;

    /// @notice Marks a node's epoch as claimed, unless it is, and says what a claim needs to know; only the reward distributor.
    /// @param attestation As it was attested; root and totals zero where it was not.
    /// @param nodeBurnedWei Fees that the node burned in the epoch.
    function settle(
        Attestation calldata attestation,
        uint256 nodeBurnedWei
    ) external returns (Settlement memory settlement);

    /// @notice The key that attests for a node.
    function operatorOf(uint256 nodeId) external view returns (address);

    /// @notice What is on record for a node and an epoch.
    /// @return status Whether it is attested or proven.
    /// @return claimed Whether it was claimed.
    /// @return attestationHash The highest 224 bits of the attestation's hash; zero where there is none.
    function attestationOf(
        uint256 nodeId,
        uint256 epoch
    ) external view returns (Status status, bool claimed, bytes32 attestationHash);

    /// @notice Hash of an attestation as this contract stores it: the highest 224 bits.
    function hashAttestation(Attestation calldata attestation) external pure returns (bytes32);

    /// @notice The record of an epoch; empty where it was neither armed nor drawn or left the ring.
    function epochRecordOf(uint256 epoch) external view returns (EpochRecord memory);

    /// @notice The seed of an epoch, eight lanes of 32 bits, lane 0 highest; reverts before it is drawn.
    function seedOf(uint256 epoch) external view returns (bytes32);

    /// @notice Until when an epoch can be proven.
    /// @return drawn Whether the seed is drawn; before that there is no deadline.
    /// @return timestamp Unix time in seconds that must have passed.
    /// @return blockNumber Block that must have passed too, so that a halted chain costs nobody a proof.
    function proofDeadline(
        uint256 epoch
    ) external view returns (bool drawn, uint256 timestamp, uint256 blockNumber);

    /// @notice Whether a node must prove an epoch that it attested. Only after the seed is drawn.
    /// @param nodeBurnedWei Fees that the node burned in the epoch, as `PaymentEscrow` has them.
    function mustProve(uint256 nodeId, uint256 epoch, uint256 nodeBurnedWei) external view returns (bool);

    /// @notice The points in `[0, bytesDelivered)` whose leaves a proof must open. Only after the seed is drawn.
    function samplePoints(
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) external view returns (uint256[] memory points);
}
