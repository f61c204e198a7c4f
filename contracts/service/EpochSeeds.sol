// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {IServiceAttestations} from "./IServiceAttestations.sol";
import {SeedLanes} from "./SeedLanes.sol";

/// @title EpochSeeds
/// @notice The seed of each epoch and what was fixed with it. A part of `ServiceAttestations`.
abstract contract EpochSeeds is IServiceAttestations, EpochClock {
    /// @custom:storage-location erc7201:dtelecom.EpochSeeds
    /// @dev 256 is `RING_EPOCHS`.
    struct SeedStorage {
        EpochRecord[256] records;
        bytes32[256] seeds;
    }

    /// @dev The seed of e − 2 says who audits whom in e.
    uint256 internal constant SEED_LAG = 2;
    /// @dev Lane i comes from the block `firstBlock` + 2i.
    uint256 private constant LANE_STEP = 2;
    uint256 private constant LAST_LANE_OFFSET = (SeedLanes.LANES - 1) * LANE_STEP;
    /// @dev How far BLOCKHASH reaches at least.
    uint256 private constant BLOCKHASH_REACH = 256;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.EpochSeeds")) - 1)) & ~bytes32(uint256(0xff));

    /// @inheritdoc IServiceAttestations
    function arm(uint256 epoch) external {
        _checkInRing(epoch);
        uint256 closesAt = _commitClosesAt(epoch);
        if (block.timestamp < closesAt) revert CommitWindowOpen(epoch, closesAt);
        EpochRecord storage stored = _seedStorage().records[epoch % RING_EPOCHS];
        EpochRecord memory record = stored;
        uint24 lap = _lap(epoch);
        if (record.lap == lap) {
            bool outOfReach = record.drawnAt == 0 && block.number > record.blockNumber + BLOCKHASH_REACH;
            if (!outOfReach) revert AlreadyArmed(epoch, record.blockNumber);
        }
        delete record;
        // In the future, so that nobody knows a lane when it is fixed. 40 bits of blocks last for ever.
        record.blockNumber = uint40(block.number + 1);
        record.lap = lap;
        _seedStorage().records[epoch % RING_EPOCHS] = record;
        emit SeedArmed(epoch, record.blockNumber);
    }

    /// @inheritdoc IServiceAttestations
    function draw(uint256 epoch) external {
        _checkInRing(epoch);
        EpochRecord memory record = _seedStorage().records[epoch % RING_EPOCHS];
        uint256 firstBlock = record.blockNumber;
        if (
            record.lap != _lap(epoch) ||
            record.drawnAt != 0 ||
            block.number <= firstBlock + LAST_LANE_OFFSET ||
            block.number > firstBlock + BLOCKHASH_REACH
        ) revert NotDrawable(epoch, firstBlock);

        uint256 seed = 0;
        for (uint256 lane = 0; lane < SeedLanes.LANES; ++lane) {
            // The cast keeps the lane's 32 bits.
            seed = (seed << 32) | uint32(uint256(blockhash(firstBlock + lane * LANE_STEP)));
        }
        record.drawnAt = uint40(block.timestamp);
        record.blockNumber = uint40(block.number);
        _fixTotals(epoch, record);
        _seedStorage().records[epoch % RING_EPOCHS] = record;
        _seedStorage().seeds[epoch % RING_EPOCHS] = bytes32(seed);
        emit SeedDrawn(epoch, bytes32(seed), _burnedWei(record), _activeStakeWei(record), record.ringSize);
    }

    /// @inheritdoc IServiceAttestations
    function epochRecordOf(uint256 epoch) external view returns (EpochRecord memory record) {
        record = _seedStorage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch)) delete record;
    }

    /// @inheritdoc IServiceAttestations
    function seedOf(uint256 epoch) external view returns (bytes32) {
        _drawnRecord(epoch);
        return _seed(epoch);
    }

    /// @inheritdoc IServiceAttestations
    function proofDeadline(
        uint256 epoch
    ) external view returns (bool drawn, uint256 timestamp, uint256 blockNumber) {
        EpochRecord memory record = _seedStorage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch) || record.drawnAt == 0) return (false, 0, 0);
        return (true, _deadline(record), _deadlineBlock(record));
    }

    /// @dev Fills in what is fixed with the seed: fees, stake and ring of the epoch.
    function _fixTotals(uint256 epoch, EpochRecord memory record) internal virtual;

    /// @dev The seed in the epoch's slot of the ring; of that epoch only where its record says so.
    function _seed(uint256 epoch) internal view returns (bytes32) {
        return _seedStorage().seeds[epoch % RING_EPOCHS];
    }

    function _drawnRecord(uint256 epoch) internal view returns (EpochRecord memory record) {
        record = _seedStorage().records[epoch % RING_EPOCHS];
        if (record.lap != _lap(epoch) || record.drawnAt == 0) revert SeedNotDrawn(epoch);
    }

    /// @dev Whether the seed of an epoch was drawn before a moment.
    function _drawnBefore(uint256 epoch, uint256 timestamp) internal view returns (bool) {
        EpochRecord memory record = _seedStorage().records[epoch % RING_EPOCHS];
        return record.lap == _lap(epoch) && record.drawnAt != 0 && record.drawnAt < timestamp;
    }

    /// @dev What is older has been, or can be, overwritten.
    function _checkInRing(uint256 epoch) internal view {
        if (currentEpoch() >= epoch + RING_EPOCHS) revert EpochExpired(epoch);
    }

    function _commitClosesAt(uint256 epoch) internal view returns (uint256) {
        return epochStart(epoch + 1) + EPOCH_SECONDS / 2;
    }

    /// @dev Half an epoch after the draw. Nothing is drawn before the middle of e + 1, so not before the end of e + 1.
    function _deadline(EpochRecord memory record) internal view returns (uint256) {
        return record.drawnAt + EPOCH_SECONDS / 2;
    }

    /// @dev Half an epoch's blocks after the draw: time that passes without blocks is not time to prove in.
    function _deadlineBlock(EpochRecord memory record) internal view returns (uint256) {
        return record.blockNumber + EPOCH_BLOCKS / 2;
    }

    /// @dev Whether everything about an epoch is final: its seed is drawn and its deadline has passed.
    function _isFinal(uint256 epoch) internal view returns (bool) {
        EpochRecord memory record = _seedStorage().records[epoch % RING_EPOCHS];
        return record.lap == _lap(epoch) && record.drawnAt != 0 && _deadlinePassed(record);
    }

    function _deadlinePassed(EpochRecord memory record) internal view returns (bool) {
        return block.timestamp >= _deadline(record) && block.number >= _deadlineBlock(record);
    }

    function _burnedWei(EpochRecord memory record) internal pure returns (uint256) {
        return uint256(record.burnedGwei) * 1e9;
    }

    function _activeStakeWei(EpochRecord memory record) internal pure returns (uint256) {
        return uint256(record.activeStakeMilli) * 1e15;
    }

    function _seedStorage() private pure returns (SeedStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
