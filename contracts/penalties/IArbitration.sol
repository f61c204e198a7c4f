// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IArbitration
/// @notice Rulings on what code cannot decide: a challenger deposits, the node's owner answers, arbiters vote.
/// @dev A case is ruled by the arbiters who were in office when it was opened, whoever is appointed meanwhile. An open case
/// blocks nothing: neither income nor stake nor other cases.
interface IArbitration {
    /// @notice How a case stands.
    enum CaseStatus {
        None,
        Open,
        Upheld,
        Dismissed,
        Unruled
    }

    /// @notice Arbiters appointed together, for one term.
    /// @param endsAt Unix time in seconds at which the term ends.
    /// @param members 5 to 9 accounts, in ascending order.
    struct Panel {
        uint40 endsAt;
        address[] members;
    }

    /// @notice A case, in two slots. Its terms were fixed when it was opened.
    /// @param challenger Who deposited.
    /// @param status How it stands.
    /// @param answered Whether the owner answered.
    /// @param uphold Bit i: member i of the panel voted to uphold.
    /// @param dismiss Bit i: member i of the panel voted to dismiss.
    /// @param poolLimitBps Most that the delegators would lose, in 1/10,000.
    /// @param deposit In whole DTEL.
    /// @param nodeId The accused node.
    /// @param panelId Who rules.
    /// @param faultAt Unix time of the alleged fault, in seconds.
    /// @param answerUntil Unix time in seconds: until then the owner answers, from then on arbiters vote.
    /// @param rulingUntil Unix time in seconds: until then arbiters vote.
    /// @param slashGwei What the node loses if the case is upheld, in gwei.
    struct Case {
        address challenger;
        CaseStatus status;
        bool answered;
        uint16 uphold;
        uint16 dismiss;
        uint16 poolLimitBps;
        uint32 deposit;
        uint40 nodeId;
        uint24 panelId;
        uint40 faultAt;
        uint40 answerUntil;
        uint40 rulingUntil;
        uint64 slashGwei;
    }

    /// @notice A panel has 5 to 9 members.
    error InvalidPanelSize(uint256 members);
    /// @notice Members are named in ascending order, so that nobody is named twice.
    error MembersNotAscending(address member);
    /// @notice A term ends in the future, and within two years.
    error InvalidTerm(uint256 endsAt);
    /// @notice No panel's term lasts until this case would be ruled.
    error NoPanelInOffice(uint256 rulingUntil, uint256 endsAt);
    /// @notice The alleged fault lies in the future.
    error FaultInFuture(uint256 faultAt);
    /// @notice The node had no bond in the epoch of the alleged fault: there would be nothing to slash.
    error NothingAtStake(uint256 nodeId, uint256 faultAt);
    /// @notice The URI is empty or longer than 255 bytes.
    error InvalidUri(uint256 length);
    /// @notice Only the node's owner may do this.
    error NotNodeOwner(uint256 nodeId, address caller);
    /// @notice The caller is not one of the case's arbiters.
    error NotArbiter(uint256 caseId, address caller);
    /// @notice There is no such case, or it is closed.
    error CaseNotOpen(uint256 caseId, CaseStatus status);
    /// @notice The owner has answered.
    error AlreadyAnswered(uint256 caseId);
    /// @notice The arbiter has voted.
    error AlreadyVoted(uint256 caseId, address arbiter);
    /// @notice The time for this has not come, or is over.
    /// @param opensAt Unix time in seconds.
    /// @param closesAt Unix time in seconds, itself outside; the highest number where there is no end.
    error OutsideWindow(uint256 caseId, uint256 opensAt, uint256 closesAt);

    /// @notice Arbiters of all cases opened from now on.
    event ArbitersAppointed(uint256 indexed panelId, address[] members, uint256 endsAt);
    /// @notice A case was opened; see `Case`. What is deposited and what may be lost, in wei.
    event CaseOpened(
        uint256 indexed caseId,
        uint256 indexed nodeId,
        address indexed challenger,
        uint256 panelId,
        uint256 faultAt,
        uint256 depositWei,
        uint256 slashWei,
        uint256 poolLimitBps,
        uint256 answerUntil,
        uint256 rulingUntil,
        bytes32 evidenceHash,
        string evidenceUri
    );
    /// @notice The node's owner answered.
    event CaseAnswered(uint256 indexed caseId, bytes32 answerHash, string answerUri);
    /// @notice An arbiter voted.
    event ArbiterVoted(uint256 indexed caseId, address indexed arbiter, bool uphold);
    /// @notice A case is closed, and its deposit paid out.
    event CaseClosed(uint256 indexed caseId, CaseStatus status, address indexed depositTo);

    /// @notice Appoints the arbiters of all cases opened from now on; only the authority.
    /// @param members 5 to 9, in ascending order.
    /// @param endsAt Unix time in seconds, at most two years from now.
    function appointArbiters(address[] calldata members, uint256 endsAt) external;

    /// @notice Accuses a node; anyone, who has approved the deposit to this contract. The deposit comes back if the case is
    /// upheld, or not ruled in time; it goes to the node's owner if the case is dismissed.
    /// @param faultAt Unix time of the fault, in seconds, in an epoch that is within the report window.
    /// @param evidenceHash Keccak-256 of what the URI leads to.
    /// @param evidenceUri At most 255 bytes.
    function openCase(
        uint256 nodeId,
        uint256 faultAt,
        bytes32 evidenceHash,
        string calldata evidenceUri
    ) external returns (uint256 caseId);

    /// @notice Answers a case; only the node's owner, once, in the answer period. Silence proves nothing.
    /// @param answerHash Keccak-256 of what the URI leads to.
    /// @param answerUri At most 255 bytes.
    function answer(uint256 caseId, bytes32 answerHash, string calldata answerUri) external;

    /// @notice Votes on a case; only its arbiters, once each, in the ruling period. Two thirds of them uphold it, which opens
    /// a slash; more than half of them dismiss it.
    function vote(uint256 caseId, bool uphold) external;

    /// @notice Closes a case that was not ruled in time; anyone. The deposit goes back.
    function closeUnruled(uint256 caseId) external;

    /// @notice A case.
    function caseOf(uint256 caseId) external view returns (Case memory);

    /// @notice How many cases were ever opened; ids run from 1 to this.
    function caseCount() external view returns (uint256);

    /// @notice A panel.
    function panelOf(uint256 panelId) external view returns (Panel memory);

    /// @notice The panel that rules cases opened now; 0 before the first. Ids run from 1 to this.
    function currentPanelId() external view returns (uint256);
}
