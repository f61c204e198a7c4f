// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title EmissionSchedule
/// @notice How much DTEL may have been emitted at a moment: year y gives 80M · 0.8^y, evenly over its seconds,
/// for 20 years; 395.4M in all. Pure arithmetic: the token bounds its minter by it, the distributor budgets by it.
library EmissionSchedule {
    uint256 internal constant YEARS = 20;
    uint256 internal constant YEAR_SECONDS = 365 days;
    /// @dev The sum of the series for endless years: 80M / (1 − 0.8), in wei.
    uint256 private constant SERIES_LIMIT = 400_000_000e18;
    /// @dev The first year's emission, in wei.
    uint256 private constant FIRST_YEAR = 80_000_000e18;

    /// @notice Emission due `elapsedSeconds` after the start, in wei; never falls, constant after 20 years.
    /// @dev Σ_{i<y} 80M · 0.8^i = 400M · (5^y − 4^y) / 5^y. The divisions are exact: 4e26 and 8e25 both hold the
    /// factor 5^25, and y ≤ 20.
    function emittedAfter(uint256 elapsedSeconds) internal pure returns (uint256) {
        uint256 year = elapsedSeconds / YEAR_SECONDS;
        if (year >= YEARS) return _fullYears(YEARS);
        uint256 yearly = (FIRST_YEAR / 5 ** year) * 4 ** year;
        return _fullYears(year) + (yearly * (elapsedSeconds % YEAR_SECONDS)) / YEAR_SECONDS;
    }

    function _fullYears(uint256 year) private pure returns (uint256) {
        return (SERIES_LIMIT / 5 ** year) * (5 ** year - 4 ** year);
    }
}
