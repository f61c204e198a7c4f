// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Managed} from "../base/Managed.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {AttestationWord, AttestationWords} from "./AttestationWord.sol";
import {IPaymentEscrow} from "./IPaymentEscrow.sol";
import {IServiceAttestations} from "./IServiceAttestations.sol";
import {IServiceProofs} from "./IServiceProofs.sol";
import {QualityAudits} from "./QualityAudits.sol";
import {SeedLanes} from "./SeedLanes.sol";
import {ServiceDomain} from "./ServiceDomain.sol";
import {ServiceHashes} from "./ServiceHashes.sol";
import {Attestation, Opening, SignedAttestation} from "./ServiceTypes.sol";

/// @title ServiceAttestations
/// @notice What nodes delivered, and the proof of it. See `IServiceAttestations`.
/// @dev Seeds and audits are parts of their own; proofs are checked by another contract, which attesting does not touch.
contract ServiceAttestations is QualityAudits, Managed, ServiceDomain {
    using ServiceHashes for Attestation;

    /// @notice The contracts that this one works with.
    struct Peers {
        address registry;
        IPaymentEscrow escrow;
        INodeStaking staking;
        address distributor;
        address penalties;
        address ring;
        IServiceProofs proofs;
    }

    /// @custom:storage-location erc7201:dtelecom.ServiceAttestations
    /// @dev 256 is `RING_EPOCHS`.
    struct AttestationStorage {
        /// @dev The registry's copy of the hot keys: an attestation touches no other contract.
        mapping(uint256 nodeId => address) operators;
        mapping(uint256 nodeId => AttestationWord[256]) words;
    }

    /// @dev Keeps the hash that picks nodes apart from the one that picks points.
    uint256 private constant PICK_TAG = 0;
    /// @dev Thousandths of a DTEL, in wei.
    uint256 private constant MILLI_WEI = 1e15;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.ServiceAttestations")) - 1)) &
            ~bytes32(uint256(0xff));

    address private immutable REGISTRY;
    IPaymentEscrow private immutable ESCROW;
    INodeStaking private immutable STAKING;
    address private immutable DISTRIBUTOR;
    address private immutable PENALTIES;
    address private immutable RING;
    /// @notice Checks proofs.
    IServiceProofs public immutable PROOFS;
    /// @notice A lane picks a node if 32 bits of a hash are below this.
    uint256 public immutable LANE_ODDS;
    /// @notice A node whose fees burned more than this in an epoch must prove it, in wei.
    uint256 public immutable ALWAYS_PROVE_ABOVE;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        SamplingConfig memory sampling,
        uint256 auditors
    ) Managed(authority_) EpochClock(clock) QualityAudits(auditors) {
        if (
            peers.registry == address(0) ||
            address(peers.escrow) == address(0) ||
            address(peers.staking) == address(0) ||
            peers.distributor == address(0) ||
            peers.penalties == address(0) ||
            peers.ring == address(0) ||
            address(peers.proofs) == address(0)
        ) revert ZeroAddress();
        if (sampling.laneOdds == 0 || sampling.laneOdds > 1 << 32) revert InvalidSampling(sampling.laneOdds);
        REGISTRY = peers.registry;
        ESCROW = peers.escrow;
        STAKING = peers.staking;
        DISTRIBUTOR = peers.distributor;
        PENALTIES = peers.penalties;
        RING = peers.ring;
        PROOFS = peers.proofs;
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

    // ------------------------------------------------------------------- proof

    /// @inheritdoc IServiceAttestations
    function prove(Attestation calldata attestation, Opening[] calldata) external {
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        AttestationWord word = _attestationWord(nodeId, epoch);
        if (word.status() != Status.Attested || word.recordedHash() != hashAttestation(attestation))
            revert AttestationMismatch(nodeId, epoch);
        if (attestation.bytesDelivered == 0) revert NothingToProve(nodeId, epoch);
        EpochRecord memory record = _drawnRecord(epoch);
        if (_deadlinePassed(record)) revert ProofDeadlinePassed(epoch, _deadline(record));
        _storage().words[nodeId][epoch % RING_EPOCHS] = word.withStatus(Status.Proven);
        emit ServiceProven(nodeId, epoch);
        _checkOpenings(_seed(epoch), epochStart(epoch));
    }

    /// @inheritdoc IServiceAttestations
    function markProofMissing(Attestation calldata attestation, uint256 nodeBurnedWei) external {
        _onlyPeer(PENALTIES);
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        _finalRecord(epoch);
        AttestationWord word = _attestationWord(nodeId, epoch);
        if (word.isEmpty() || word.recordedHash() != hashAttestation(attestation))
            revert AttestationMismatch(nodeId, epoch);
        if (
            word.status() != Status.Attested ||
            attestation.bytesDelivered == 0 ||
            !_mustProve(nodeId, epoch, nodeBurnedWei)
        ) revert NoProofMissing(nodeId, epoch);
        _storage().words[nodeId][epoch % RING_EPOCHS] = word.withStatus(Status.Faulted);
        emit ProofMissing(nodeId, epoch);
    }

    /// @inheritdoc IServiceAttestations
    function settle(
        Attestation calldata attestation,
        uint256 nodeBurnedWei
    ) external returns (Settlement memory settlement) {
        _onlyPeer(DISTRIBUTOR);
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        EpochRecord memory record = _finalRecord(epoch);
        AttestationWord word = _attestationWord(nodeId, epoch);
        if (word.isClaimed()) {
            settlement.alreadyClaimed = true;
            return settlement;
        }
        settlement.burnedWei = _burnedWei(record);
        settlement.activeStakeWei = _activeStakeWei(record);
        if (word.isEmpty()) {
            word = AttestationWords.claimedOnly(_lap(epoch));
        } else {
            if (word.recordedHash() != hashAttestation(attestation))
                revert AttestationMismatch(nodeId, epoch);
            settlement.attested = true;
            settlement.workEarned =
                attestation.bytesDelivered != 0 &&
                (word.status() == Status.Proven || !_mustProve(nodeId, epoch, nodeBurnedWei));
            (settlement.available, settlement.scored, settlement.auditScore) = _auditResult(
                nodeId,
                epoch,
                record.ringSize
            );
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
        AttestationWord word = _attestationWord(nodeId, epoch);
        return (word.status(), word.isClaimed(), word.recordedHash());
    }

    /// @inheritdoc IServiceAttestations
    function hashAttestation(Attestation calldata attestation) public pure returns (bytes32) {
        return AttestationWords.cut(attestation.hash());
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
        return PROOFS.samplePoints(_seed(epoch), nodeId, epoch, bytesDelivered);
    }

    // ---------------------------------------------------------------- internal

    /// @dev Fees count for the epoch half an epoch earlier, so no more can be added: the commit window has closed.
    function _fixTotals(uint256 epoch, EpochRecord memory record) internal override {
        record.burnedGwei = ESCROW.closeEpoch(epoch);
        // Both fit: stake is recorded in 40 bits of thousandths, seats in 24 bits.
        record.activeStakeMilli = uint40(STAKING.totalStakeAt(epoch) / MILLI_WEI);
        record.ringSize = uint24(_auditedRingSize(epoch));
    }

    /// @dev Hands the arguments on as they came, with what the check needs to know behind them: to decode and encode
    /// openings again would cost a quarter of the proof.
    function _checkOpenings(bytes32 seed, uint256 startOfEpoch) private view {
        Address.functionStaticCall(
            address(PROOFS),
            bytes.concat(
                IServiceProofs.check.selector,
                msg.data[4:],
                abi.encode(domainSeparator(), seed, startOfEpoch)
            )
        );
    }

    function _onlyRing() internal view override {
        _onlyPeer(RING);
    }

    function _checkOnRecord(Attestation calldata attestation) internal view override {
        AttestationWord word = _attestationWord(attestation.nodeId, attestation.epoch);
        if (word.recordedHash() != hashAttestation(attestation))
            revert AttestationMismatch(attestation.nodeId, attestation.epoch);
    }

    /// @dev The record of an epoch about which everything is final.
    function _finalRecord(uint256 epoch) private view returns (EpochRecord memory record) {
        // The seed of the epoch before the last says who audited whom: it must be there too.
        _checkInRing(epoch - (epoch < SEED_LAG ? epoch : SEED_LAG));
        record = _drawnRecord(epoch);
        if (!_deadlinePassed(record)) revert ProofDeadlineNotPassed(epoch);
    }

    function _checkCommitWindow(uint256 epoch) private view {
        uint256 opensAt = epochStart(epoch + 1);
        uint256 closesAt = _commitClosesAt(epoch);
        if (block.timestamp < opensAt || block.timestamp >= closesAt)
            revert OutsideCommitWindow(epoch, opensAt, closesAt);
    }

    /// @dev Writes a first attestation; false where there is one.
    function _record(Attestation calldata attestation, bytes32 attestationHash) private returns (bool) {
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        if (!_attestationWord(nodeId, epoch).isEmpty()) return false;
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

    function _attestationWord(uint256 nodeId, uint256 epoch) private view returns (AttestationWord) {
        return _storage().words[nodeId][epoch % RING_EPOCHS].ifOfLap(_lap(epoch));
    }

    function _mustProve(uint256 nodeId, uint256 epoch, uint256 nodeBurnedWei) private view returns (bool) {
        if (nodeBurnedWei > ALWAYS_PROVE_ABOVE) return true;
        // One word of eight lanes for the node, so that each lane of the seed decides on its own: lanes are uniform and
        // so is their difference to anything fixed before them.
        uint256 lanes = uint256(keccak256(abi.encode(nodeId, epoch, PICK_TAG))) ^ uint256(_seed(epoch));
        // The casts keep one lane's 32 bits.
        unchecked {
            for (uint256 lane = 0; lane < SeedLanes.LANES; ++lane) {
                if (uint32(lanes >> (32 * lane)) < LANE_ODDS) return true;
            }
        }
        return false;
    }

    function _storage() private pure returns (AttestationStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
