// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {TimedPause} from "../base/TimedPause.sol";
import {IGovernanceCycle} from "../governance/IGovernanceCycle.sol";
import {IPaymentEscrow} from "../service/IPaymentEscrow.sol";
import {IServiceAttestations} from "../service/IServiceAttestations.sol";
import {Attestation} from "../service/ServiceTypes.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {IPenaltyManager} from "./IPenaltyManager.sol";
import {PenaltyParameters} from "./PenaltyParameters.sol";

/// @title PenaltyManager
/// @notice Slashes in escrow. See `IPenaltyManager`.
contract PenaltyManager is PenaltyParameters, TimedPause {
    /// @notice The contracts that this one works with.
    struct Peers {
        INodeStaking staking;
        IServiceAttestations attestations;
        IPaymentEscrow escrow;
        address strikes;
        address arbitration;
        IGovernanceCycle governor;
    }

    /// @custom:storage-location erc7201:dtelecom.PenaltyManager
    struct PenaltyStorage {
        mapping(bytes32 slashId => SlashState) slashes;
    }

    uint256 private constant BPS = 10_000;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.PenaltyManager")) - 1)) & ~bytes32(uint256(0xff));

    IServiceAttestations private immutable ATTESTATIONS;
    IPaymentEscrow private immutable ESCROW;
    address private immutable STRIKES;
    address private immutable ARBITRATION;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        PenaltyConfig memory config,
        PauseConfig memory pauseConfig
    )
        Managed(authority_)
        EpochClock(clock)
        PenaltyParameters(peers.staking, peers.governor, config)
        TimedPause(pauseConfig)
    {
        if (
            address(peers.attestations) == address(0) ||
            address(peers.escrow) == address(0) ||
            peers.strikes == address(0) ||
            peers.arbitration == address(0)
        ) revert ZeroAddress();
        ATTESTATIONS = peers.attestations;
        ESCROW = peers.escrow;
        STRIKES = peers.strikes;
        ARBITRATION = peers.arbitration;
    }

    // ----------------------------------------------------------------- opening

    /// @inheritdoc IPenaltyManager
    function reportMissingProof(Attestation calldata attestation) external {
        Parameters memory current = _parameters();
        uint256 nodeId = attestation.nodeId;
        uint256 epoch = attestation.epoch;
        _checkReportable(current, epoch);
        (uint256 burned, , ) = ESCROW.nodeRevenueOf(nodeId, epoch);
        // Reverts unless a proof is missing, and does so only once: that is why no slash is opened twice.
        ATTESTATIONS.markProofMissing(attestation, burned);
        _open(
            current,
            SlashRequest({
                nodeId: nodeId,
                kind: SlashKind.MissingProof,
                referenceId: epoch,
                reporter: msg.sender,
                faultAt: epochStart(epoch),
                amount: MISSING_PROOF_SLASH_WEI,
                poolLimitBps: current.poolLimitBps
            })
        );
    }

    /// @inheritdoc IPenaltyManager
    function openSlash(SlashRequest calldata request) external {
        if (msg.sender != STRIKES && msg.sender != ARBITRATION) revert NotPeer(msg.sender);
        _open(_parameters(), request);
    }

    // ------------------------------------------------------------------ ending

    /// @inheritdoc IPenaltyManager
    function execute(Slash calldata slash) external whenNotPaused {
        (bytes32 slashId, SlashState memory state) = _openSlash(slash);
        if (block.timestamp < state.appealUntil) revert AppealOpen(slashId, state.appealUntil);
        INodeStaking.SlashTaken calldata taken = slash.taken;
        uint256 ofBond =
            (uint256(taken.bond) + taken.bondExitPrevious + taken.bondExitCurrent) * state.bountyBps;
        // Rounded down to whole gwei, which is what `NodeStaking` counts in.
        uint256 bounty = (ofBond / BPS) * Gwei.WEI;
        _storage().slashes[slashId].status = SlashStatus.Executed;
        emit SlashExecuted(slashId, slash.nodeId, bounty);
        STAKING.burnSlashed(slash.nodeId, taken, slash.reporter, bounty);
    }

    /// @inheritdoc IPenaltyManager
    function veto(Slash calldata slash) external onlyAuthority {
        (bytes32 slashId, SlashState memory state) = _openSlash(slash);
        if (block.timestamp >= state.appealUntil) revert AppealClosed(slashId, state.appealUntil);
        emit SlashVetoed(slashId, slash.nodeId);
        _giveBack(slashId, slash, SlashStatus.Vetoed);
    }

    /// @inheritdoc IPenaltyManager
    function overturn(Slash calldata slash) external onlyAuthority {
        (bytes32 slashId, ) = _openSlash(slash);
        emit SlashOverturned(slashId, slash.nodeId);
        _giveBack(slashId, slash, SlashStatus.Overturned);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IPenaltyManager
    function slashStateOf(bytes32 slashId) external view returns (SlashState memory) {
        return _storage().slashes[slashId];
    }

    /// @inheritdoc IPenaltyManager
    function slashIdOf(Slash calldata slash) public pure returns (bytes32) {
        return keccak256(abi.encode(slash));
    }

    // ---------------------------------------------------------------- internal

    function _open(Parameters memory current, SlashRequest memory request) private {
        Slash memory slash = Slash({
            nodeId: request.nodeId,
            kind: request.kind,
            referenceId: request.referenceId,
            reporter: request.reporter,
            openedAt: block.timestamp,
            taken: STAKING.slash(request.nodeId, request.faultAt, request.amount, request.poolLimitBps)
        });
        bytes32 slashId = keccak256(abi.encode(slash));
        // Unix time in seconds fits 40 bits for 34,000 years.
        uint40 appealUntil = uint40(block.timestamp + current.appealSeconds);
        _storage().slashes[slashId] = SlashState({
            status: SlashStatus.Open,
            bountyBps: current.bountyBps,
            appealUntil: appealUntil
        });
        emit SlashOpened(slashId, slash.nodeId, slash.reporter, slash, appealUntil, current.bountyBps);
    }

    function _giveBack(bytes32 slashId, Slash calldata slash, SlashStatus status) private {
        _storage().slashes[slashId].status = status;
        STAKING.returnSlashed(slash.nodeId, slash.taken);
    }

    function _openSlash(
        Slash calldata slash
    ) private view returns (bytes32 slashId, SlashState memory state) {
        slashId = slashIdOf(slash);
        state = _storage().slashes[slashId];
        if (state.status != SlashStatus.Open) revert SlashNotOpen(slashId, state.status);
    }

    function _storage() private pure returns (PenaltyStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
