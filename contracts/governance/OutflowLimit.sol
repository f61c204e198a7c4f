// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title OutflowLimit
/// @notice At most a share of what there is leaves in any window of time. A bucket that outflows fill and that empties
/// evenly; constant cost. Pure arithmetic on a word of storage.
/// @dev The bucket holds half of the limit and empties once per window. So whatever the order and times of outflows, in a
/// window there is at most one half that fitted and one half that ran out meanwhile: the limit, exactly. What left
/// lately still counts in what the share is of, so a payment does not lower the limit for the next one.
library OutflowLimit {
    /// @notice The state of one asset; one slot.
    /// @param level What has filled the bucket, as of `updatedAt`.
    /// @param updatedAt Unix time in seconds.
    /// @param limitBps In 1/10,000 per window; 0: the treasury's first limit.
    /// @param pendingBps A higher limit to come; 0: none.
    /// @param pendingAt Unix time from which it holds, in seconds.
    struct Bucket {
        uint128 level;
        uint40 updatedAt;
        uint16 limitBps;
        uint16 pendingBps;
        uint40 pendingAt;
    }

    /// @dev In 1/10,000, and half of it.
    uint256 private constant HALF_BPS = 20_000;

    /// @notice The bucket as of now: emptied a little, a limit that was to come in force.
    /// @param free What there is of the asset, what left left out.
    function current(
        Bucket memory bucket,
        uint256 free,
        uint256 firstBps,
        uint256 windowSeconds,
        uint256 timestamp
    ) internal pure returns (Bucket memory) {
        if (bucket.pendingBps != 0 && timestamp >= bucket.pendingAt) {
            bucket.limitBps = bucket.pendingBps;
            bucket.pendingBps = 0;
            bucket.pendingAt = 0;
        }
        // Bounded by the setter to 1/10,000.
        if (bucket.limitBps == 0) bucket.limitBps = uint16(firstBps);
        uint256 elapsed = Math.min(timestamp - bucket.updatedAt, windowSeconds);
        uint256 emptied = (capacity(bucket, free) * elapsed) / windowSeconds;
        // Lower than it was; the time has 40 bits for 34,000 years.
        bucket.level = uint128(bucket.level - Math.min(bucket.level, emptied));
        bucket.updatedAt = uint40(timestamp);
        return bucket;
    }

    /// @notice What the bucket holds: half of the limit.
    function capacity(Bucket memory bucket, uint256 free) internal pure returns (uint256) {
        return Math.mulDiv(free + bucket.level, bucket.limitBps, HALF_BPS);
    }

    /// @notice What may leave now.
    /// @param bucket As of now.
    function available(Bucket memory bucket, uint256 free) internal pure returns (uint256) {
        uint256 room = capacity(bucket, free);
        return room > bucket.level ? room - bucket.level : 0;
    }
}
