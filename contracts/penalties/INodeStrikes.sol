// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title INodeStrikes
/// @notice Strikes for bad service and bad audits; enough of them within a window put a node in jail.
/// @dev Everything follows from what auditors revealed on chain, so anyone may post it. A node has at most one strike per
/// epoch, and the strikes of one stay in jail are gone when it ends.
interface INodeStrikes {
    /// @notice What a strike is for.
    enum Reason {
        LowScores,
        OutlyingScore
    }

    /// @notice What is stored of a node, in one slot.
    /// @param strikes Bit i: struck in `newestEpoch` − i.
    /// @param newestEpoch The newest epoch with a strike.
    /// @param countsFrom Only strikes of this epoch and later ones are accepted.
    /// @param jailedAt Unix time of the last jail, in seconds; 0 where there was none.
    /// @param jailedBefore Unix time of the jail before that, in seconds; 0 where there was none.
    /// @param jails How often the node was jailed.
    /// @param jailed Whether it is in jail.
    struct Record {
        uint64 strikes;
        uint32 newestEpoch;
        uint32 countsFrom;
        uint40 jailedAt;
        uint40 jailedBefore;
        uint32 jails;
        bool jailed;
    }

    /// @notice Audits are final only after the proof deadline of their epoch.
    error AuditsNotFinal(uint256 epoch);
    /// @notice The epoch was not audited, the node had no seat in it, or fewer than half of its auditors revealed.
    error NotAudited(uint256 nodeId, uint256 epoch);
    /// @notice The scores below the low mark are of less than two thirds of the auditors that revealed, or of their weight.
    error ScoresNotLow(
        uint256 nodeId,
        uint256 epoch,
        uint256 lowWeight,
        uint256 revealedWeight,
        uint256 lowAuditors,
        uint256 revealedAuditors
    );
    /// @notice The node is not one of the target's auditors that revealed.
    error NotItsAuditor(uint256 auditorId, uint256 targetId, uint256 epoch);
    /// @notice Not all other auditors that revealed, two or more, contradict the score by far and on the same side.
    error NotAnOutlier(uint256 auditorId, uint256 targetId, uint256 epoch);
    /// @notice The epoch lies before the end of the node's last stay in jail.
    error StrikeSettled(uint256 nodeId, uint256 epoch, uint256 countsFrom);
    /// @notice The node is in jail: no strikes are counted.
    error InJail(uint256 nodeId);
    /// @notice The node is not in jail.
    error NotInJail(uint256 nodeId);
    /// @notice Only the node's owner or its operator key may do this.
    error NotOwnerOrOperator(uint256 nodeId, address caller);
    /// @notice The stay in jail is not over.
    error JailNotOver(uint256 nodeId, uint256 releasableAt);

    /// @notice A node was struck.
    /// @param poster Who posted it.
    event Struck(uint256 indexed nodeId, uint256 indexed epoch, Reason reason, address indexed poster);
    /// @notice A node was put in jail, for the `jails`-th time; its strikes are cleared.
    /// @param releasableAt Unix time in seconds from which it may ask to be released.
    event NodeJailed(uint256 indexed nodeId, uint256 jails, uint256 releasableAt);
    /// @notice A node was released; only strikes of `countsFrom` and later epochs count from now on.
    event NodeReleased(uint256 indexed nodeId, uint256 countsFrom);

    /// @notice Strikes a node that two thirds of its auditors that revealed, by number and by weight, scored below the low
    /// mark; anyone, after the proof deadline and within the report window.
    function strikeTarget(uint256 nodeId, uint256 epoch) external;

    /// @notice Strikes an auditor whose score of a target all others contradict; anyone, after the proof deadline and within
    /// the report window. At least two others have revealed, and each of their scores is further from the auditor's than
    /// the outlier distance, all above it or all below.
    function strikeAuditor(uint256 auditorId, uint256 targetId, uint256 epoch) external;

    /// @notice Ends a stay in jail; only the owner or the operator key. The node can be activated again.
    function release(uint256 nodeId) external;

    /// @notice Whether a node is in jail.
    function isJailed(uint256 nodeId) external view returns (bool);

    /// @notice What is stored of a node.
    function recordOf(uint256 nodeId) external view returns (Record memory);
}
