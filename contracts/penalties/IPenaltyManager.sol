// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IAppealWindow} from "../governance/IAppealWindow.sol";
import {Attestation} from "../service/ServiceTypes.sol";
import {INodeStaking} from "../staking/INodeStaking.sol";

/// @title IPenaltyManager
/// @notice Slashes: opened for a fault, held in escrow while they can be appealed, then burned or given back. And the
/// parameters of all penalties, in one place because they bound each other.
/// @dev The slashed tokens stay in `NodeStaking`. Of a slash only its hash is stored; whoever ends it passes in what
/// `SlashOpened` published.
interface IPenaltyManager is IAppealWindow {
    /// @notice Why a slash was opened.
    enum SlashKind {
        MissingProof,
        ThirdJail,
        Ruling
    }

    /// @notice How far a slash got.
    enum SlashStatus {
        None,
        Open,
        Vetoed,
        Overturned,
        Executed
    }

    /// @notice A slash. Its id is keccak256(abi.encode(slash)).
    /// @param nodeId The node at fault.
    /// @param kind Why.
    /// @param referenceId With the kind, what it was opened for: the epoch of a missing proof, the count of the node's
    /// jails, the id of an arbitrated case.
    /// @param reporter Who gets the bounty.
    /// @param openedAt Unix time in seconds.
    /// @param taken What it took, and from where.
    struct Slash {
        uint256 nodeId;
        SlashKind kind;
        uint256 referenceId;
        address reporter;
        uint256 openedAt;
        INodeStaking.SlashTaken taken;
    }

    /// @notice What another contract of the protocol asks to slash.
    /// @param nodeId The node at fault.
    /// @param kind Why.
    /// @param referenceId See `Slash`.
    /// @param reporter Who gets the bounty.
    /// @param faultAt Unix time of the fault, in seconds: who asked to leave in an earlier period is not liable.
    /// @param amount In wei, whole gwei.
    /// @param poolLimitBps Most that the delegators lose, in 1/10,000 of what they have.
    struct SlashRequest {
        uint256 nodeId;
        SlashKind kind;
        uint256 referenceId;
        address reporter;
        uint256 faultAt;
        uint256 amount;
        uint256 poolLimitBps;
    }

    /// @notice What is stored of a slash, in one slot.
    /// @param status How far it got.
    /// @param bountyBps The reporter's part of what the bond lost, in 1/10,000; fixed when the slash was opened.
    /// @param appealUntil Unix time in seconds: until then it can be vetoed, from then on executed.
    struct SlashState {
        SlashStatus status;
        uint16 bountyBps;
        uint40 appealUntil;
    }

    /// @notice The parameters of all penalties, in one slot. Shares are in 1/10,000; scores run from 0 to 10,000.
    /// @param reportWindowEpochs A fault can be reported, posted or brought before the arbiters until this many epochs
    /// after its own began; 4 to 56.
    /// @param answerSeconds Time that an owner has to answer a challenge; 1 to 7 times the period unit.
    /// @param rulingSeconds Time that the arbiters have after that; 1 to 7 times the period unit.
    /// @param appealSeconds Time that a slash stays in escrow; longer than a whole governance cycle, at most 60 times the
    /// period unit.
    /// @param bountyBps The reporter's part of what a bond loses; at most 2,000.
    /// @param poolLimitBps Most that one slash takes of a pool; at most 500.
    /// @param lowMark A score below this counts against the target; at most 7,000.
    /// @param outlierDistance A score further than this from all others counts against its auditor; 2,000 to 10,000.
    /// @param strikesToJail Strikes within the window that jail a node; at least 3, at most the window.
    /// @param strikeWindowEpochs That window; at most 64.
    /// @param thirdJailBps Part of the bond that a third jail within 90 days costs; at most 500.
    /// @param rulingSlashBps Part of the bond that an upheld challenge costs; at most 5,000.
    /// @param challengeDeposit What a challenger deposits, in whole DTEL; at least 1.
    struct Parameters {
        uint16 reportWindowEpochs;
        uint32 answerSeconds;
        uint32 rulingSeconds;
        uint32 appealSeconds;
        uint16 bountyBps;
        uint16 poolLimitBps;
        uint16 lowMark;
        uint16 outlierDistance;
        uint8 strikesToJail;
        uint8 strikeWindowEpochs;
        uint16 thirdJailBps;
        uint16 rulingSlashBps;
        uint32 challengeDeposit;
    }

    /// @notice No parameters were set yet.
    error NotConfigured();
    /// @notice The unit that times are bounded by, in seconds, is below a minute or above a day.
    error InvalidPeriodUnit(uint256 periodUnitSeconds);
    /// @notice A parameter is out of bounds.
    /// @param name Its name in `Parameters`.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice Stake could leave before the last fault it is liable for can be slashed.
    error UnbondingTooShort(uint256 unbondingSeconds, uint256 reportAndRulingSeconds);
    /// @notice A slash would be executed before governance could overturn it.
    error AppealTooShort(uint256 appealSeconds, uint256 governanceCycleSeconds);
    /// @notice The slash for a missing proof is zero or more than a quarter of the minimum bond.
    error MissingProofSlashTooHigh(uint256 slashWei, uint256 minBondWei);
    /// @notice The report window of the epoch has closed.
    /// @param closedAt Unix time in seconds, itself outside.
    error ReportWindowClosed(uint256 epoch, uint256 closedAt);
    /// @notice The slash was never opened, or has ended.
    error SlashNotOpen(bytes32 slashId, SlashStatus status);
    /// @notice The appeal window is still open.
    error AppealOpen(bytes32 slashId, uint256 appealUntil);
    /// @notice The appeal window has closed.
    error AppealClosed(bytes32 slashId, uint256 appealUntil);

    /// @notice The parameters of all penalties changed; open slashes and cases keep their terms.
    event ParametersChanged(Parameters parameters);
    /// @notice A slash took stake into escrow.
    /// @param appealUntil Unix time in seconds.
    /// @param bountyBps The reporter's part of what the bond lost.
    event SlashOpened(
        bytes32 indexed slashId,
        uint256 indexed nodeId,
        address indexed reporter,
        Slash slash,
        uint256 appealUntil,
        uint256 bountyBps
    );
    /// @notice The guardian vetoed a slash; the stake is back where it came from.
    event SlashVetoed(bytes32 indexed slashId, uint256 indexed nodeId);
    /// @notice Governance overturned a slash; the stake is back where it came from.
    event SlashOverturned(bytes32 indexed slashId, uint256 indexed nodeId);
    /// @notice A slash was upheld.
    /// @param bounty Paid to the reporter, in wei; the rest burns.
    event SlashExecuted(bytes32 indexed slashId, uint256 indexed nodeId, uint256 bounty);

    /// @notice Reports a proof that did not come; anyone, after the proof deadline and within the report window. The node
    /// loses the epoch's work reward and a fixed part of its bond.
    /// @param attestation As it was attested.
    function reportMissingProof(Attestation calldata attestation) external;

    /// @notice Opens a slash; only `NodeStrikes` and `Arbitration`.
    function openSlash(SlashRequest calldata request) external;

    /// @notice Burns a slash whose appeal window has passed, less the reporter's bounty; anyone. Stops in a pause.
    function execute(Slash calldata slash) external;

    /// @notice Gives a slash back; only the authority: the guardian's, within the appeal window.
    function veto(Slash calldata slash) external;

    /// @notice Gives a slash back; only the authority: governance's, until it is executed.
    function overturn(Slash calldata slash) external;

    /// @notice Sets the parameters of all penalties; only the authority. See `Parameters` for the bounds.
    function setParameters(Parameters calldata parameters_) external;

    /// @notice The parameters of all penalties; reverts before they were set.
    function parameters() external view returns (Parameters memory);

    /// @notice What a missing proof costs, in wei.
    function missingProofSlashWei() external view returns (uint256);

    /// @notice Reverts unless a fault of an epoch can still be reported.
    function checkReportable(uint256 epoch) external view;

    /// @notice What is stored of a slash; empty where there is none.
    function slashStateOf(bytes32 slashId) external view returns (SlashState memory);

    /// @notice The id of a slash.
    function slashIdOf(Slash calldata slash) external pure returns (bytes32);
}
