// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {AttestationWord, AttestationWords} from "./AttestationWord.sol";
import {IPaymentEscrow} from "./IPaymentEscrow.sol";
import {IServiceAttestations} from "./IServiceAttestations.sol";
import {ReceiptTree} from "./ReceiptTree.sol";
import {ServiceDomain} from "./ServiceDomain.sol";
import {ServiceHashes} from "./ServiceHashes.sol";
import {AccessGrant, Attestation, Opening, SignedAttestation} from "./ServiceTypes.sol";

/// @title ServiceAttestations
/// @notice What nodes delivered, and the proof of it. See `IServiceAttestations`.
contract ServiceAttestations is IServiceAttestations, EpochClock, Managed, ServiceDomain {
    using Gwei for uint64;
    using ServiceHashes for AccessGrant;
    using ServiceHashes for Attestation;

    /// @notice The contracts that this one works with.
    struct Peers {
        address registry;
        IPaymentEscrow escrow;
        INodeStaking staking;
        address distributor;
    }

    /// @custom:storage-location erc7201:dtelecom.ServiceAttestations
    /// @dev 256 is `RING_EPOCHS`.
    struct AttestationStorage {
        /// @dev The registry's copy of the hot keys: an attestation touches no other contract.
        mapping(uint256 nodeId => address) operators;
        mapping(uint256 nodeId => AttestationWord[256]) words;
        EpochRecord[256] records;
        bytes32[256] seeds;
    }

    uint256 private constant LANES = 8;
    /// @dev Lane i comes from the block `firstBlock` + 2i: a producer of one block holds one lane.
    uint256 private constant LANE_STEP = 2;
    uint256 private constant LAST_LANE_OFFSET = (LANES - 1) * LANE_STEP;
    /// @dev How far BLOCKHASH reaches at least.
    uint256 private constant BLOCKHASH_REACH = 256;
    uint256 private constant MAX_QUALITY = 10_000;
    /// @dev Keep the hash that picks nodes and those that pick points apart.
    uint256 private constant PICK_TAG = 0;
    uint256 private constant SAMPLE_TAG = 1;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.ServiceAttestations")) - 1)) &
            ~bytes32(uint256(0xff));

    address private immutable REGISTRY;
    IPaymentEscrow private immutable ESCROW;
    INodeStaking private immutable STAKING;
    address private immutable DISTRIBUTOR;
    /// @notice Leaves that a proof opens.
    uint256 public immutable SAMPLES;
    /// @notice A lane picks a node if 32 bits of a hash are below this.
    uint256 public immutable LANE_ODDS;
    /// @notice A node whose fees burned more than this in an epoch must prove it, in wei.
    uint256 public immutable ALWAYS_PROVE_ABOVE;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        SamplingConfig memory sampling
    ) Managed(authority_) EpochClock(clock) {
        if (
            peers.registry == address(0) ||
            address(peers.escrow) == address(0) ||
            address(peers.staking) == address(0) ||
            peers.distributor == address(0)
        ) revert ZeroAddress();
        if (
            sampling.samples < 4 ||
            sampling.samples > 16 ||
            sampling.laneOdds == 0 ||
            sampling.laneOdds > 1 << 32
        ) revert InvalidSampling(sampling.samples, sampling.laneOdds);
        REGISTRY = peers.registry;
        ESCROW = peers.escrow;
        STAKING = peers.staking;
        DISTRIBUTOR = peers.distributor;
        SAMPLES = sampling.samples;
        LANE_ODDS = sampling.laneOdds;
        ALWAYS_PROVE_ABOVE = sampling.alwaysProveAboveWei;
    }

    // --------------------------------------------------------------- operators

    /// @inheritdoc IServiceAttestations
    function setOperator(uint256 nodeId, address operator) external {
        _onlyPeer(REGISTRY);
        _storage().operators[nodeId] = operator;
        emit OperatorChanged(nodeId, operator);
    }

    /// @inheritdoc IServiceAttestations
    function attest(Attestation calldata attestation) external {
        if (msg.sender != _storage().operators[attestation.nodeId])
            revert NotOperator(attestation.nodeId, msg.sender);
        _checkCommitWindow(attestation.epoch);
        if (!_record(attestation, attestation.hash()))
            revert AlreadyAttested(attestation.nodeId, attestation.epoch);
    }

    /// @inheritdoc IServiceAttestations
    function attestBatch(SignedAttestation[] calldata attestations) external {
        bytes32 domain = domainSeparator();
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i].attestation;
            _checkCommitWindow(attestation.epoch);
            bytes32 attestationHash = attestation.hash();
            address signer = _recover(domain, attestationHash, attestations[i].signature);
            if (signer == _storage().operators[attestation.nodeId]) _record(attestation, attestationHash);
        }
    }

    // -------------------------------------------------------------------- seed

    /// @inheritdoc IServiceAttestations
    function arm(uint256 epoch) external {
        _checkInRing(epoch);
        uint256 closesAt = _commitClosesAt(epoch);
        if (block.timestamp < closesAt) revert CommitWindowOpen(epoch, closesAt);
        EpochRecord storage record = _storage().records[epoch % RING_EPOCHS];
        uint24 lap = _lap(epoch);
        if (record.lap == lap) {
            bool outOfReach = record.drawnAt == 0 && block.number > record.blockNumber + BLOCKHASH_REACH;
            if (!outOfReach) revert AlreadyArmed(epoch, record.blockNumber);
        }
        // In the future, so that nobody knows a lane when it is fixed. 40 bits of blocks last for ever.
        uint40 firstBlock = uint40(block.number + 1);
        _storage().records[epoch % RING_EPOCHS] = EpochRecord(0, 0, 0, firstBlock, lap);
        emit SeedArmed(epoch, firstBlock);
    }

    /// @inheritdoc IServiceAttestations
    function draw(uint256 epoch) external {
        _checkInRing(epoch);
        EpochRecord memory record = _storage().records[epoch % RING_EPOCHS];
        uint256 firstBlock = record.blockNumber;
        if (
            record.lap != _lap(epoch) ||
            record.drawnAt != 0 ||
            block.number <= firstBlock + LAST_LANE_OFFSET ||
            block.number > firstBlock + BLOCKHASH_REACH
        ) revert NotDrawable(epoch, firstBlock);

        uint256 seed;
        for (uint256 lane = 0; lane < LANES; ++lane) {
            // The cast keeps the lane's 32 bits.
            seed = (seed << 32) | uint32(uint256(blockhash(firstBlock + lane * LANE_STEP)));
        }
        // Fees count for the epoch half an epoch earlier, so no more can be added: the commit window has closed.
        record.burnedGwei = ESCROW.epochRevenueOf(epoch).burned;
        record.activeStakeGwei = Gwei.floorFromWei(STAKING.totalStakeAt(epoch));
        record.drawnAt = uint40(block.timestamp);
        record.blockNumber = uint40(block.number);
        _storage().records[epoch % RING_EPOCHS] = record;
        _storage().seeds[epoch % RING_EPOCHS] = bytes32(seed);
        emit SeedDrawn(epoch, bytes32(seed), record.burnedGwei.toWei(), record.activeStakeGwei.toWei());
    }

    // ------------------------------------------------------------------- proof

    /// @inheritdoc IServiceAttestations
    function prove(Attestation calldata attestation, Opening[] calldata openings) external {
        uint256 epoch = attestation.epoch;
        AttestationWord word = _word(attestation.nodeId, epoch);
        if (word.status() != Status.Attested || word.recordedHash() != hashAttestation(attestation))
            revert AttestationMismatch(attestation.nodeId, epoch);
        if (attestation.bytesDelivered == 0) revert NothingToProve(attestation.nodeId, epoch);
        EpochRecord memory record = _drawnRecord(epoch);
        if (_deadlinePassed(record)) revert ProofDeadlinePassed(epoch, _deadline(record));
        if (openings.length != SAMPLES) revert WrongSampleCount(openings.length, SAMPLES);

        _storage().words[attestation.nodeId][epoch % RING_EPOCHS] = word.asProven();
        emit ServiceProven(attestation.nodeId, epoch);

        bytes32 seed = _storage().seeds[epoch % RING_EPOCHS];
        bytes32 domain = domainSeparator();
        for (uint256 sample = 0; sample < openings.length; ++sample) {
            _checkOpening(attestation, openings[sample], sample, seed, domain);
        }
    }

    /// @inheritdoc IServiceAttestations
    function settle(
        Attestation calldata attestation,
        uint256 nodeBurnedWei
    ) external returns (Settlement memory settlement) {
        _onlyPeer(DISTRIBUTOR);
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        _checkInRing(epoch);
        EpochRecord memory record = _drawnRecord(epoch);
        if (!_deadlinePassed(record)) revert ProofDeadlineNotPassed(epoch);

        AttestationWord word = _word(nodeId, epoch);
        if (word.isClaimed()) {
            settlement.alreadyClaimed = true;
            return settlement;
        }
        settlement.burnedWei = record.burnedGwei.toWei();
        settlement.activeStakeWei = record.activeStakeGwei.toWei();
        if (word.isEmpty()) {
            word = AttestationWords.claimedOnly(_lap(epoch));
        } else {
            if (word.recordedHash() != hashAttestation(attestation))
                revert AttestationMismatch(nodeId, epoch);
            settlement.attested = true;
            settlement.workEarned =
                attestation.bytesDelivered != 0 &&
                (word.status() == Status.Proven || !_mustProve(nodeId, epoch, nodeBurnedWei));
            word = word.asClaimed();
        }
        _storage().words[nodeId][epoch % RING_EPOCHS] = word;
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IServiceAttestations
    function operatorOf(uint256 nodeId) external view returns (address) {
        return _storage().operators[nodeId];
    }

    /// @inheritdoc IServiceAttestations
    function attestationOf(
        uint256 nodeId,
        uint256 epoch
    ) external view returns (Status status, bool claimed, bytes32 attestationHash) {
        AttestationWord word = _word(nodeId, epoch);
        return (word.status(), word.isClaimed(), word.recordedHash());
    }

    /// @inheritdoc IServiceAttestations
    function hashAttestation(Attestation calldata attestation) public pure returns (bytes32) {
        return AttestationWords.cut(attestation.hash());
    }

    /// @inheritdoc IServiceAttestations
    function epochRecordOf(uint256 epoch) external view returns (EpochRecord memory record) {
        record = _storage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch)) delete record;
    }

    /// @inheritdoc IServiceAttestations
    function seedOf(uint256 epoch) external view returns (bytes32) {
        _drawnRecord(epoch);
        return _storage().seeds[epoch % RING_EPOCHS];
    }

    /// @inheritdoc IServiceAttestations
    function proofDeadline(
        uint256 epoch
    ) external view returns (bool drawn, uint256 timestamp, uint256 blockNumber) {
        EpochRecord memory record = _storage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch) || record.drawnAt == 0) return (false, 0, 0);
        return (true, _deadline(record), _deadlineBlock(record));
    }

    /// @inheritdoc IServiceAttestations
    function mustProve(uint256 nodeId, uint256 epoch, uint256 nodeBurnedWei) external view returns (bool) {
        _drawnRecord(epoch);
        return _mustProve(nodeId, epoch, nodeBurnedWei);
    }

    /// @inheritdoc IServiceAttestations
    function samplePoints(
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) external view returns (uint256[] memory points) {
        _drawnRecord(epoch);
        if (bytesDelivered == 0) revert NothingToProve(nodeId, epoch);
        bytes32 seed = _storage().seeds[epoch % RING_EPOCHS];
        points = new uint256[](SAMPLES);
        for (uint256 sample = 0; sample < SAMPLES; ++sample) {
            points[sample] = _samplePoint(seed, sample, nodeId, epoch, bytesDelivered);
        }
    }

    // ---------------------------------------------------------------- internal

    function _checkCommitWindow(uint256 epoch) private view {
        uint256 opensAt = epochStart(epoch + 1);
        uint256 closesAt = _commitClosesAt(epoch);
        if (block.timestamp < opensAt || block.timestamp >= closesAt)
            revert OutsideCommitWindow(epoch, opensAt, closesAt);
    }

    function _commitClosesAt(uint256 epoch) private view returns (uint256) {
        return epochStart(epoch + 1) + EPOCH_SECONDS / 2;
    }

    /// @dev What is older has been, or can be, overwritten.
    function _checkInRing(uint256 epoch) private view {
        if (currentEpoch() >= epoch + RING_EPOCHS) revert EpochExpired(epoch);
    }

    /// @dev Writes a first attestation; false where there is one.
    function _record(Attestation calldata attestation, bytes32 attestationHash) private returns (bool) {
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        if (!_word(nodeId, epoch).isEmpty()) return false;
        bool isEmpty = attestation.sessions == 0;
        if (
            isEmpty != (attestation.bytesDelivered == 0) ||
            isEmpty != (attestation.receiptRoot == 0) ||
            attestation.bytesDelivered > type(uint64).max ||
            attestation.sessions > attestation.bytesDelivered
        ) revert InvalidTotals(nodeId, attestation.bytesDelivered, attestation.sessions);
        _storage().words[nodeId][epoch % RING_EPOCHS] = AttestationWords.attested(
            attestationHash,
            _lap(epoch)
        );
        emit Attested(
            nodeId,
            epoch,
            attestation.receiptRoot,
            attestation.bytesDelivered,
            attestation.sessions,
            attestation.auditCommitment
        );
        return true;
    }

    function _word(uint256 nodeId, uint256 epoch) private view returns (AttestationWord) {
        return _storage().words[nodeId][epoch % RING_EPOCHS].ifOfLap(_lap(epoch));
    }

    function _drawnRecord(uint256 epoch) private view returns (EpochRecord memory record) {
        record = _storage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch) || record.drawnAt == 0) revert SeedNotDrawn(epoch);
    }

    /// @dev Half an epoch after the draw. Nothing is drawn before the middle of e + 1, so not before the end of e + 1.
    function _deadline(EpochRecord memory record) private view returns (uint256) {
        return record.drawnAt + EPOCH_SECONDS / 2;
    }

    /// @dev Half an epoch's blocks after the draw: time that passes without blocks is not time to prove in.
    function _deadlineBlock(EpochRecord memory record) private view returns (uint256) {
        return record.blockNumber + EPOCH_BLOCKS / 2;
    }

    function _deadlinePassed(EpochRecord memory record) private view returns (bool) {
        return block.timestamp >= _deadline(record) && block.number >= _deadlineBlock(record);
    }

    function _mustProve(uint256 nodeId, uint256 epoch, uint256 nodeBurnedWei) private view returns (bool) {
        if (nodeBurnedWei > ALWAYS_PROVE_ABOVE) return true;
        // One word of eight lanes for the node, so that each lane of the seed decides on its own: lanes are uniform and
        // so is their difference to anything fixed before them.
        uint256 lanes =
            uint256(keccak256(abi.encode(nodeId, epoch, PICK_TAG))) ^
                uint256(_storage().seeds[epoch % RING_EPOCHS]);
        for (uint256 lane = 0; lane < LANES; ++lane) {
            // The cast keeps one lane's 32 bits.
            if (uint32(lanes >> (32 * lane)) < LANE_ODDS) return true;
        }
        return false;
    }

    function _lane(bytes32 seed, uint256 lane) private pure returns (uint256) {
        // Lane 0 is the highest; the cast keeps its 32 bits.
        return uint32(uint256(seed) >> (32 * (LANES - 1 - lane)));
    }

    function _samplePoint(
        bytes32 seed,
        uint256 sample,
        uint256 nodeId,
        uint256 epoch,
        uint256 bytesDelivered
    ) private pure returns (uint256) {
        uint256 lane = _lane(seed, sample % LANES);
        return uint256(keccak256(abi.encode(lane, sample, nodeId, epoch, SAMPLE_TAG))) % bytesDelivered;
    }

    /// @dev Everything that must hold of one opened leaf.
    function _checkOpening(
        Attestation calldata attestation,
        Opening calldata opening,
        uint256 sample,
        bytes32 seed,
        bytes32 domain
    ) private view {
        _checkReceiptAndGrant(attestation, opening, sample, domain);
        // Casts: the grant's limit was held, and the path's sums are 64 bits; the quality was bounded.
        uint64 leafBytes = _toUint64(opening.bytesDelivered);
        uint64 prefix = ReceiptTree.verify(
            attestation.receiptRoot,
            attestation.bytesDelivered,
            opening.grant.sessionKey,
            leafBytes,
            uint16(opening.quality),
            opening.path
        );
        uint256 point = _samplePoint(
            seed,
            sample,
            attestation.nodeId,
            attestation.epoch,
            attestation.bytesDelivered
        );
        if (point < prefix || point >= uint256(prefix) + leafBytes)
            revert SampleNotCovered(sample, point, prefix, uint256(prefix) + leafBytes);
    }

    function _checkReceiptAndGrant(
        Attestation calldata attestation,
        Opening calldata opening,
        uint256 sample,
        bytes32 domain
    ) private view {
        AccessGrant calldata grant = opening.grant;
        uint256 epoch = attestation.epoch;
        if (opening.quality > MAX_QUALITY) revert InvalidQuality(sample, opening.quality);
        if (opening.bytesDelivered > grant.maxBytesPerEpoch)
            revert GrantLimitExceeded(sample, opening.bytesDelivered, grant.maxBytesPerEpoch);
        if (grant.expiresAt <= epochStart(epoch)) revert GrantExpired(sample, grant.expiresAt);
        address receiptSigner = _recover(
            domain,
            ServiceHashes.hashReceipt(attestation.nodeId, epoch, opening.bytesDelivered, opening.quality),
            opening.receiptSignature
        );
        if (receiptSigner != grant.sessionKey)
            revert SessionKeyMismatch(sample, receiptSigner, grant.sessionKey);
        address grantSigner = _recover(domain, grant.hash(), opening.grantSignature);
        if (!ESCROW.isGrantSigner(grant.app, grantSigner, epoch))
            revert NotGrantSigner(sample, grant.app, grantSigner);
    }

    function _toUint64(uint256 value) private pure returns (uint64) {
        if (value > type(uint64).max) revert ReceiptTree.TotalMismatch(value, type(uint64).max);
        return uint64(value);
    }

    function _storage() private pure returns (AttestationStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
