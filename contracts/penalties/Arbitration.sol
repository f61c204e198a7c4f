// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {INodeRegistry} from "../staking/INodeRegistry.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";
import {IArbitration} from "./IArbitration.sol";
import {IPenaltyManager} from "./IPenaltyManager.sol";

/// @title Arbitration
/// @notice Cases that arbiters rule. See `IArbitration`.
contract Arbitration is IArbitration, EpochClock, Managed {
    using Gwei for uint256;
    using Gwei for uint64;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice The contracts that this one works with.
    struct Peers {
        IERC20 token;
        INodeRegistry registry;
        INodeStaking staking;
        IPenaltyManager penalties;
    }

    /// @custom:storage-location erc7201:dtelecom.Arbitration
    struct ArbitrationStorage {
        uint64 caseCount;
        uint24 panelCount;
        mapping(uint256 caseId => Case) cases;
        mapping(uint256 panelId => Panel) panels;
    }

    uint256 private constant BPS = 10_000;
    uint256 private constant MIN_MEMBERS = 5;
    uint256 private constant MAX_MEMBERS = 9;
    uint256 private constant MAX_TERM_SECONDS = 730 days;
    uint256 private constant MAX_URI_BYTES = 255;
    uint256 private constant DTEL = 1e18;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.Arbitration")) - 1)) & ~bytes32(uint256(0xff));

    IERC20 private immutable TOKEN;
    INodeRegistry private immutable REGISTRY;
    INodeStaking private immutable STAKING;
    IPenaltyManager private immutable PENALTIES;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock
    ) Managed(authority_) EpochClock(clock) {
        if (
            address(peers.token) == address(0) ||
            address(peers.registry) == address(0) ||
            address(peers.staking) == address(0) ||
            address(peers.penalties) == address(0)
        ) revert ZeroAddress();
        TOKEN = peers.token;
        REGISTRY = peers.registry;
        STAKING = peers.staking;
        PENALTIES = peers.penalties;
    }

    // ---------------------------------------------------------------- arbiters

    /// @inheritdoc IArbitration
    function appointArbiters(address[] calldata members, uint256 endsAt) external onlyAuthority {
        if (members.length < MIN_MEMBERS || members.length > MAX_MEMBERS)
            revert InvalidPanelSize(members.length);
        if (endsAt <= block.timestamp || endsAt > block.timestamp + MAX_TERM_SECONDS)
            revert InvalidTerm(endsAt);
        address last = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] <= last) revert MembersNotAscending(members[i]);
            last = members[i];
        }
        ArbitrationStorage storage $ = _storage();
        uint256 panelId = ++$.panelCount;
        $.panels[panelId] = Panel({endsAt: endsAt.toUint40(), members: members});
        emit ArbitersAppointed(panelId, members, endsAt);
    }

    /// @inheritdoc IArbitration
    function vote(uint256 caseId, bool uphold) external {
        Case memory current = _openCase(caseId);
        _checkWindow(caseId, current.answerUntil, current.rulingUntil);
        address[] storage members = _storage().panels[current.panelId].members;
        uint256 count = members.length;
        uint16 bit = _bitOf(caseId, members, count);
        if ((current.uphold | current.dismiss) & bit != 0) revert AlreadyVoted(caseId, msg.sender);
        if (uphold) current.uphold |= bit;
        else current.dismiss |= bit;
        _storage().cases[caseId] = current;
        emit ArbiterVoted(caseId, msg.sender, uphold);

        if (3 * _countBits(current.uphold) >= 2 * count) {
            _close(caseId, current, CaseStatus.Upheld, current.challenger);
            _slash(caseId, current);
        } else if (2 * _countBits(current.dismiss) > count) {
            _close(caseId, current, CaseStatus.Dismissed, REGISTRY.ownerOf(current.nodeId));
        }
    }

    // ----------------------------------------------------------------- parties

    /// @inheritdoc IArbitration
    function openCase(
        uint256 nodeId,
        uint256 faultAt,
        bytes32 evidenceHash,
        string calldata evidenceUri
    ) external returns (uint256 caseId) {
        _checkUri(evidenceUri);
        Case memory opened = _newCase(nodeId, faultAt);
        ArbitrationStorage storage $ = _storage();
        caseId = ++$.caseCount;
        $.cases[caseId] = opened;
        uint256 depositWei = opened.deposit * DTEL;
        emit CaseOpened(
            caseId,
            nodeId,
            msg.sender,
            opened.panelId,
            faultAt,
            depositWei,
            opened.slashGwei.toWei(),
            opened.poolLimitBps,
            opened.answerUntil,
            opened.rulingUntil,
            evidenceHash,
            evidenceUri
        );
        TOKEN.safeTransferFrom(msg.sender, address(this), depositWei);
    }

    /// @inheritdoc IArbitration
    function answer(uint256 caseId, bytes32 answerHash, string calldata answerUri) external {
        _checkUri(answerUri);
        Case memory current = _openCase(caseId);
        if (REGISTRY.ownerOf(current.nodeId) != msg.sender) revert NotNodeOwner(current.nodeId, msg.sender);
        _checkWindow(caseId, 0, current.answerUntil);
        if (current.answered) revert AlreadyAnswered(caseId);
        _storage().cases[caseId].answered = true;
        emit CaseAnswered(caseId, answerHash, answerUri);
    }

    /// @inheritdoc IArbitration
    function closeUnruled(uint256 caseId) external {
        Case memory current = _openCase(caseId);
        _checkWindow(caseId, current.rulingUntil, type(uint256).max);
        _close(caseId, current, CaseStatus.Unruled, current.challenger);
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IArbitration
    function caseOf(uint256 caseId) external view returns (Case memory) {
        return _storage().cases[caseId];
    }

    /// @inheritdoc IArbitration
    function caseCount() external view returns (uint256) {
        return _storage().caseCount;
    }

    /// @inheritdoc IArbitration
    function panelOf(uint256 panelId) external view returns (Panel memory) {
        return _storage().panels[panelId];
    }

    /// @inheritdoc IArbitration
    function currentPanelId() external view returns (uint256) {
        return _storage().panelCount;
    }

    // ---------------------------------------------------------------- internal

    /// @dev Terms are fixed here, so that a change of parameters never touches an open case.
    function _newCase(uint256 nodeId, uint256 faultAt) private view returns (Case memory opened) {
        if (faultAt > block.timestamp) revert FaultInFuture(faultAt);
        uint256 epoch = epochAt(faultAt);
        PENALTIES.checkReportable(epoch);
        IPenaltyManager.Parameters memory parameters = PENALTIES.parameters();
        uint256 answerUntil = block.timestamp + parameters.answerSeconds;
        uint256 rulingUntil = answerUntil + parameters.rulingSeconds;
        uint24 panelId = _storage().panelCount;
        uint256 endsAt = _storage().panels[panelId].endsAt;
        if (endsAt < rulingUntil) revert NoPanelInOffice(rulingUntil, endsAt);
        // Of the bond at the time of the fault: asking for it back later does not lower what is at stake.
        uint256 slashWei = (STAKING.bondAt(nodeId, epoch) * parameters.rulingSlashBps) / BPS;
        if (slashWei == 0) revert NothingAtStake(nodeId, faultAt);
        opened = Case({
            challenger: msg.sender,
            status: CaseStatus.Open,
            answered: false,
            uphold: 0,
            dismiss: 0,
            poolLimitBps: parameters.poolLimitBps,
            deposit: parameters.challengeDeposit,
            nodeId: nodeId.toUint40(),
            panelId: panelId,
            faultAt: faultAt.toUint40(),
            answerUntil: answerUntil.toUint40(),
            rulingUntil: rulingUntil.toUint40(),
            slashGwei: slashWei.floorFromWei()
        });
    }

    function _close(uint256 caseId, Case memory current, CaseStatus status, address depositTo) private {
        _storage().cases[caseId].status = status;
        emit CaseClosed(caseId, status, depositTo);
        TOKEN.safeTransfer(depositTo, current.deposit * DTEL);
    }

    function _slash(uint256 caseId, Case memory current) private {
        PENALTIES.openSlash(
            IPenaltyManager.SlashRequest({
                nodeId: current.nodeId,
                kind: IPenaltyManager.SlashKind.Ruling,
                referenceId: caseId,
                reporter: current.challenger,
                faultAt: current.faultAt,
                amount: current.slashGwei.toWei(),
                poolLimitBps: current.poolLimitBps
            })
        );
    }

    function _openCase(uint256 caseId) private view returns (Case memory current) {
        current = _storage().cases[caseId];
        if (current.status != CaseStatus.Open) revert CaseNotOpen(caseId, current.status);
    }

    function _checkWindow(uint256 caseId, uint256 opensAt, uint256 closesAt) private view {
        if (block.timestamp < opensAt || block.timestamp >= closesAt)
            revert OutsideWindow(caseId, opensAt, closesAt);
    }

    function _bitOf(uint256 caseId, address[] storage members, uint256 count) private view returns (uint16) {
        for (uint256 i = 0; i < count; ++i) {
            // At most nine members.
            if (members[i] == msg.sender) return uint16(1 << i);
        }
        revert NotArbiter(caseId, msg.sender);
    }

    function _countBits(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) ++count;
    }

    function _checkUri(string calldata uri) private pure {
        uint256 length = bytes(uri).length;
        if (length == 0 || length > MAX_URI_BYTES) revert InvalidUri(length);
    }

    function _storage() private pure returns (ArbitrationStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
