// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochHistory} from "../base/EpochHistory.sol";
import {EpochSeeds} from "./EpochSeeds.sol";
import {IQualityAudits} from "./IQualityAudits.sol";
import {SeedLanes} from "./SeedLanes.sol";
import {Attestation} from "./ServiceTypes.sol";
import {WeightedMedian} from "./WeightedMedian.sol";

/// @title QualityAudits
/// @notice Seats, reveals and scores. A part of `ServiceAttestations`, beside the word that a reveal is checked against.
/// See `IQualityAudits`.
abstract contract QualityAudits is IQualityAudits, EpochSeeds {
    using EpochHistory for EpochHistory.History;

    /// @dev What is revealed, in one word: packed scores << 40 | weight << 24 | lap.
    /// @custom:storage-location erc7201:dtelecom.QualityAudits
    struct AuditStorage {
        /// @dev seat << 16 | weight; 0 where there is none, for a seat always has weight.
        mapping(uint256 nodeId => EpochHistory.History) seats;
        EpochHistory.History ringSize;
        /// @dev By seat and not by node, so that a score is found without knowing who sat there. 256 is `RING_EPOCHS`.
        mapping(uint256 seat => uint256[256]) words;
    }

    uint256 private constant MAX_SCORE = 10_000;
    uint256 private constant SCORE_BITS = 16;
    uint256 private constant WEIGHT_BITS = 16;
    uint256 private constant LAP_BITS = 24;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.QualityAudits")) - 1)) & ~bytes32(uint256(0xff));

    /// @dev K: auditors of a node, and nodes that an auditor scores. Each needs a lane of its own, for the producer of one
    /// block holds one lane: so at most seven, an odd number.
    uint256 private immutable AUDITORS;

    constructor(uint256 auditors) {
        if (auditors < 3 || auditors >= SeedLanes.LANES || auditors % 2 == 0)
            revert InvalidAuditors(auditors);
        AUDITORS = auditors;
    }

    // ------------------------------------------------------------------- seats

    /// @inheritdoc IQualityAudits
    function setSeat(uint256 nodeId, uint256 fromEpoch, uint256 seat, uint256 weight) external {
        _onlyRing();
        _auditStorage().seats[nodeId].record(fromEpoch, weight == 0 ? 0 : (seat << WEIGHT_BITS) | weight);
        emit SeatChanged(nodeId, fromEpoch, seat, weight);
    }

    /// @inheritdoc IQualityAudits
    function setRingSize(uint256 fromEpoch, uint256 size) external {
        _onlyRing();
        _auditStorage().ringSize.record(fromEpoch, size);
        emit RingSizeChanged(fromEpoch, size);
    }

    // ------------------------------------------------------------------ reveal

    /// @inheritdoc IQualityAudits
    function reveal(Attestation calldata attestation, uint256 packedScores, bytes32 salt) external {
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        _checkRevealWindow(epoch);
        _checkOnRecord(attestation);
        if (keccak256(abi.encode(nodeId, epoch, packedScores, salt)) != attestation.auditCommitment)
            revert CommitmentMismatch(nodeId, epoch);
        uint256 entry = _auditStorage().seats[nodeId].at(epoch);
        if (entry == 0) revert NoSeat(nodeId, epoch);
        _checkScores(nodeId, packedScores);

        (uint256 seat, uint256 weight) = _unpack(entry);
        uint24 lap = _lap(epoch);
        uint256[256] storage words = _auditStorage().words[seat];
        if (uint24(words[epoch % RING_EPOCHS]) == lap) revert AlreadyRevealed(nodeId, epoch);
        words[epoch % RING_EPOCHS] = (((packedScores << WEIGHT_BITS) | weight) << LAP_BITS) | lap;
        emit AuditsRevealed(nodeId, epoch, seat, weight, packedScores);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IQualityAudits
    function seatOf(uint256 nodeId, uint256 epoch) external view returns (Seat memory) {
        return _toSeat(_auditStorage().seats[nodeId].at(epoch));
    }

    /// @inheritdoc IQualityAudits
    function latestSeatOf(uint256 nodeId) external view returns (Seat memory) {
        return _toSeat(_auditStorage().seats[nodeId].latest());
    }

    /// @inheritdoc IQualityAudits
    function ringSizeAt(uint256 epoch) public view returns (uint256) {
        return _auditStorage().ringSize.at(epoch);
    }

    /// @inheritdoc IQualityAudits
    function latestRingSize() external view returns (uint256) {
        return _auditStorage().ringSize.latest();
    }

    /// @inheritdoc IQualityAudits
    function auditOffsets(uint256 epoch) external view returns (uint256[] memory offsets) {
        uint256 size = _auditedRingSize(epoch);
        if (size == 0) return offsets;
        offsets = new uint256[](AUDITORS);
        bytes32 seed = _seed(epoch - SEED_LAG);
        for (uint256 j = 0; j < AUDITORS; ++j) offsets[j] = _offset(seed, size, j);
    }

    /// @inheritdoc IQualityAudits
    function auditOf(uint256 nodeId, uint256 epoch) external view returns (NodeAudit memory audit) {
        uint256 size = _auditedRingSize(epoch);
        uint256 entry = _auditStorage().seats[nodeId].at(epoch);
        if (size == 0 || entry == 0) return audit;
        (uint256 own, ) = _unpack(entry);
        audit.audited = true;
        audit.didOwn = _word(own, epoch) != 0;
        audit.seats = new uint256[](AUDITORS);
        audit.weights = new uint256[](AUDITORS);
        audit.scores = new uint256[](AUDITORS);
        bytes32 seed = _seed(epoch - SEED_LAG);
        uint256[] memory entries = new uint256[](AUDITORS);
        for (uint256 j = 0; j < AUDITORS; ++j) {
            audit.seats[j] = (own + _offset(seed, size, j)) % size;
            uint256 word = _word(audit.seats[j], epoch);
            if (word == 0) continue;
            (audit.scores[j], audit.weights[j]) = _scoreIn(word, j);
            entries[audit.revealed++] = WeightedMedian.entry(audit.scores[j], audit.weights[j]);
        }
        if (_isScored(audit.revealed)) audit.median = WeightedMedian.median(entries, audit.revealed);
    }

    /// @inheritdoc IQualityAudits
    function auditorCount() external view returns (uint256) {
        return AUDITORS;
    }

    // ---------------------------------------------------------------- internal

    /// @dev Reverts unless the attestation is the one on record.
    function _checkOnRecord(Attestation calldata attestation) internal view virtual;

    /// @dev Reverts unless the audit ring calls.
    function _onlyRing() internal view virtual;

    /// @dev What a claim needs of a node's audits. `size` is that of the epoch's record: 0 where it is not audited.
    /// `available`: it had a seat and, in an audited epoch, revealed its own audits; `scored`: at least half of its auditors
    /// revealed; `score`: the weighted median of what they did.
    function _auditResult(
        uint256 nodeId,
        uint256 epoch,
        uint256 size
    ) internal view returns (bool available, bool scored, uint256 score) {
        uint256 entry = _auditStorage().seats[nodeId].at(epoch);
        if (entry == 0) return (false, false, 0);
        if (size == 0) return (true, false, 0);
        (uint256 own, ) = _unpack(entry);
        if (_word(own, epoch) == 0) return (false, false, 0);
        (uint256[] memory entries, uint256 revealed) = _revealedFor(own, epoch, size);
        available = true;
        scored = _isScored(revealed);
        if (scored) score = WeightedMedian.median(entries, revealed);
    }

    /// @dev What the auditors of a seat revealed about it, for the median.
    function _revealedFor(
        uint256 own,
        uint256 epoch,
        uint256 size
    ) private view returns (uint256[] memory entries, uint256 revealed) {
        entries = new uint256[](AUDITORS);
        mapping(uint256 seat => uint256[256]) storage words = _auditStorage().words;
        bytes32 seed = _seed(epoch - SEED_LAG);
        uint256 lap = _lap(epoch);
        uint256 index = epoch % RING_EPOCHS;
        uint256 width = (size - 1) / AUDITORS;
        // This is the hottest loop of a claim. Nothing in it can overflow: seats and widths are below 2^24, offsets below
        // the size, and there are at most seven auditors.
        unchecked {
            for (uint256 j = 0; j < AUDITORS; ++j) {
                uint256 seat = own + 1 + j * width + (SeedLanes.lane(seed, j) % width);
                if (seat >= size) seat -= size;
                uint256 word = words[seat][index];
                if (uint24(word) != lap) continue;
                (uint256 score, uint256 weight) = _scoreIn(word >> LAP_BITS, j);
                entries[revealed++] = WeightedMedian.entry(score, weight);
            }
        }
    }

    /// @dev Seats of the ring in an epoch, or 0 where nobody can know whom to audit: too few of them, or no seed of the
    /// epoch before the last when it began.
    function _auditedRingSize(uint256 epoch) internal view returns (uint256) {
        if (epoch < SEED_LAG || !_drawnBefore(epoch - SEED_LAG, epochStart(epoch))) return 0;
        uint256 size = ringSizeAt(epoch);
        return size > AUDITORS ? size : 0;
    }

    /// @dev From the second half of e + 1, when nothing can be committed to any more, until scores are final.
    function _checkRevealWindow(uint256 epoch) private view {
        bool isOpen = block.timestamp >= _commitClosesAt(epoch) && currentEpoch() < epoch + RING_EPOCHS;
        if (!isOpen || _isFinal(epoch)) revert OutsideRevealWindow(epoch);
    }

    function _checkScores(uint256 nodeId, uint256 packedScores) private view {
        uint256 left = packedScores;
        // All auditors' fields and no more; past the last one nothing may be left.
        for (uint256 j = AUDITORS; j != 0; --j) {
            if (left & ((1 << SCORE_BITS) - 1) > MAX_SCORE) revert InvalidScores(nodeId, packedScores);
            left >>= SCORE_BITS;
        }
        if (left != 0) revert InvalidScores(nodeId, packedScores);
    }

    function _isScored(uint256 revealed) private view returns (bool) {
        return 2 * revealed >= AUDITORS;
    }

    /// @dev offset_j = 1 + j·w + lane_j mod w: distinct, and never 0.
    function _offset(bytes32 seed, uint256 size, uint256 j) private view returns (uint256) {
        uint256 width = (size - 1) / AUDITORS;
        return 1 + j * width + (SeedLanes.lane(seed, j) % width);
    }

    /// @dev What was revealed from a seat in an epoch, without the lap; 0 where nothing was, for a weight is never 0.
    function _word(uint256 seat, uint256 epoch) private view returns (uint256) {
        uint256 word = _auditStorage().words[seat][epoch % RING_EPOCHS];
        // The cast keeps the lap.
        return uint24(word) == _lap(epoch) ? word >> LAP_BITS : 0;
    }

    function _scoreIn(uint256 word, uint256 j) private pure returns (uint256 score, uint256 weight) {
        // The casts keep one field each.
        return (uint16(word >> (WEIGHT_BITS + SCORE_BITS * j)), uint16(word));
    }

    function _unpack(uint256 entry) private pure returns (uint256 seat, uint256 weight) {
        // The cast keeps the weight.
        return (entry >> WEIGHT_BITS, uint16(entry));
    }

    function _toSeat(uint256 entry) private pure returns (Seat memory) {
        (uint256 seat, uint256 weight) = _unpack(entry);
        return Seat({seated: entry != 0, seat: seat, weight: weight});
    }

    function _auditStorage() private pure returns (AuditStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
