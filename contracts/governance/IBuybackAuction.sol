// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IBuybackAuction
/// @notice Sells assets of the treasury for DTEL by a falling price and burns the DTEL. No oracle: whoever thinks the price
/// right buys first.
/// @dev Prices are in wei of DTEL for 1e18 smallest units of the asset: for a token of 18 decimals and the native coin, of
/// one whole token. The native coin is address zero.
interface IBuybackAuction {
    /// @notice A lot of one asset.
    /// @param asset What is sold.
    /// @param start Unix time at which the price begins to fall, in seconds.
    /// @param durationSeconds Until it is at the floor and the sale ends.
    /// @param remaining Not sold yet; zero when all is sold or was returned.
    /// @param startPrice Price at the start.
    /// @param floorPrice Price at the end.
    struct Lot {
        address asset;
        uint40 start;
        uint32 durationSeconds;
        uint128 remaining;
        uint128 startPrice;
        uint128 floorPrice;
    }

    /// @notice The shortest duration of a sale is out of bounds.
    error InvalidMinDuration(uint256 minDurationSeconds);
    /// @notice This asset cannot be sold here.
    error NotForSale(address asset);
    /// @notice What arrived is not what the call says.
    error WrongPayment(uint256 expected, uint256 received);
    /// @notice The amount is zero or above 2^128.
    error InvalidAmount(uint256 amount);
    /// @notice The prices are out of bounds: floor above zero, start from the floor to a hundred times it.
    error InvalidPrice(uint256 startPrice, uint256 floorPrice);
    /// @notice The duration is out of bounds.
    error InvalidDuration(uint256 durationSeconds, uint256 min, uint256 max);
    /// @notice The sale has ended, sold everything, or never began.
    error NotOnSale(uint256 lotId);
    /// @notice The price is higher than the buyer wants to pay.
    error CostAboveMaximum(uint256 costWei, uint256 maxCostWei);
    /// @notice The sale still runs, or nothing is left of the lot.
    error NothingToReturn(uint256 lotId);

    /// @notice A sale begins.
    event LotOpened(
        uint256 indexed lotId,
        address indexed asset,
        uint256 amount,
        uint256 startPrice,
        uint256 floorPrice,
        uint256 start,
        uint256 durationSeconds
    );
    /// @notice A part was sold and the DTEL burned.
    event Bought(
        uint256 indexed lotId,
        address indexed buyer,
        address indexed to,
        uint256 amount,
        uint256 costWei
    );
    /// @notice What nobody bought went back to the treasury.
    event Returned(uint256 indexed lotId, uint256 amount);

    /// @notice Begins a sale; only the treasury, which has approved this contract or sends the native coin along. What
    /// arrives is sold: an asset that takes a fee of transfers is sold for less.
    /// @param asset An ERC-20 other than DTEL, or zero for the native coin.
    /// @param amount In smallest units.
    /// @param startPrice Up to a hundred times the floor.
    /// @param floorPrice Above zero.
    /// @param durationSeconds From the deployment's shortest to 30 days.
    /// @return lotId Its number, from 1.
    function open(
        address asset,
        uint256 amount,
        uint256 startPrice,
        uint256 floorPrice,
        uint256 durationSeconds
    ) external payable returns (uint256 lotId);

    /// @notice Buys a part of a lot, or what is left of it if that is less; anyone. Burns DTEL of the caller, who has
    /// approved this contract.
    /// @param lotId Which lot.
    /// @param amount At most this much, in smallest units.
    /// @param maxCostWei At most this much DTEL, in wei.
    /// @param to Receives the asset.
    /// @return bought In smallest units.
    /// @return costWei Burned, in wei, rounded up.
    function buy(
        uint256 lotId,
        uint256 amount,
        uint256 maxCostWei,
        address to
    ) external returns (uint256 bought, uint256 costWei);

    /// @notice Returns to the treasury what nobody bought; anyone, when the sale has ended.
    function close(uint256 lotId) external returns (uint256 returned);

    /// @notice The present price of a lot that is on sale.
    function priceOf(uint256 lotId) external view returns (uint256);

    /// @notice A lot.
    function lotOf(uint256 lotId) external view returns (Lot memory);

    /// @notice Lots opened so far.
    function lotCount() external view returns (uint256);
}
