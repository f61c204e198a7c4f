// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Managed} from "../base/Managed.sol";
import {Assets} from "./Assets.sol";
import {FallingPrice} from "./FallingPrice.sol";
import {IBuybackAuction} from "./IBuybackAuction.sol";

/// @title BuybackAuction
/// @notice Sells assets of the treasury for DTEL and burns it. See `IBuybackAuction`.
/// @dev Assets and buyers run code of their own: everything is written before they are called, and nothing can be entered
/// again meanwhile. An asset that lies about balances hurts only its own lots.
contract BuybackAuction is IBuybackAuction, ReentrancyGuardTransient, Managed {
    using SafeERC20 for IERC20;

    /// @notice The contracts that this one works with.
    struct Peers {
        address token;
        address treasury;
    }

    /// @custom:storage-location erc7201:dtelecom.BuybackAuction
    struct AuctionStorage {
        uint256 lotCount;
        mapping(uint256 lotId => Lot) lots;
    }

    uint256 private constant MAX_DURATION_SECONDS = 30 days;
    /// @dev A start higher than this would spend most of the sale where nobody buys.
    uint256 private constant MAX_PRICE_RATIO = 100;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.BuybackAuction")) - 1)) & ~bytes32(uint256(0xff));

    ERC20Burnable private immutable TOKEN;
    address private immutable TREASURY;
    /// @notice A sale lasts at least this long, in seconds: whoever is to bid must have had the time to notice.
    uint256 public immutable MIN_DURATION_SECONDS;

    constructor(address authority_, Peers memory peers, uint256 minDurationSeconds) Managed(authority_) {
        if (peers.token == address(0) || peers.treasury == address(0)) revert ZeroAddress();
        if (minDurationSeconds < 60 || minDurationSeconds > 7 days)
            revert InvalidMinDuration(minDurationSeconds);
        TOKEN = ERC20Burnable(peers.token);
        TREASURY = peers.treasury;
        MIN_DURATION_SECONDS = minDurationSeconds;
    }

    /// @inheritdoc IBuybackAuction
    function open(
        address asset,
        uint256 amount,
        uint256 startPrice,
        uint256 floorPrice,
        uint256 durationSeconds
    ) external payable nonReentrant returns (uint256 lotId) {
        _onlyPeer(TREASURY);
        if (asset == address(TOKEN)) revert NotForSale(asset);
        Assets.check(asset);
        if (
            floorPrice == 0 ||
            startPrice < floorPrice ||
            startPrice > type(uint128).max ||
            startPrice > floorPrice * MAX_PRICE_RATIO
        ) revert InvalidPrice(startPrice, floorPrice);
        if (durationSeconds < MIN_DURATION_SECONDS || durationSeconds > MAX_DURATION_SECONDS)
            revert InvalidDuration(durationSeconds, MIN_DURATION_SECONDS, MAX_DURATION_SECONDS);
        uint256 received = _receive(asset, amount);
        if (received == 0 || received > type(uint128).max) revert InvalidAmount(received);
        AuctionStorage storage $ = _storage();
        lotId = ++$.lotCount;
        // Times and amounts were checked above.
        $.lots[lotId] = Lot({
            asset: asset,
            start: uint40(block.timestamp),
            durationSeconds: uint32(durationSeconds),
            remaining: uint128(received),
            startPrice: uint128(startPrice),
            floorPrice: uint128(floorPrice)
        });
        emit LotOpened(lotId, asset, received, startPrice, floorPrice, block.timestamp, durationSeconds);
    }

    /// @inheritdoc IBuybackAuction
    function buy(
        uint256 lotId,
        uint256 amount,
        uint256 maxCostWei,
        address to
    ) external nonReentrant returns (uint256 bought, uint256 costWei) {
        Lot storage lot = _storage().lots[lotId];
        uint256 price = priceOf(lotId);
        bought = Math.min(amount, lot.remaining);
        if (bought == 0) revert InvalidAmount(amount);
        costWei = FallingPrice.costOf(bought, price);
        if (costWei > maxCostWei) revert CostAboveMaximum(costWei, maxCostWei);
        // At most what remains.
        lot.remaining -= uint128(bought);
        emit Bought(lotId, msg.sender, to, bought, costWei);
        TOKEN.burnFrom(msg.sender, costWei);
        Assets.send(lot.asset, to, bought);
    }

    /// @inheritdoc IBuybackAuction
    function close(uint256 lotId) external nonReentrant returns (uint256 returned) {
        Lot storage lot = _storage().lots[lotId];
        returned = lot.remaining;
        if (returned == 0 || block.timestamp < _end(lot)) revert NothingToReturn(lotId);
        lot.remaining = 0;
        emit Returned(lotId, returned);
        Assets.send(lot.asset, TREASURY, returned);
    }

    /// @inheritdoc IBuybackAuction
    function lotOf(uint256 lotId) external view returns (Lot memory) {
        return _storage().lots[lotId];
    }

    /// @inheritdoc IBuybackAuction
    function lotCount() external view returns (uint256) {
        return _storage().lotCount;
    }

    /// @inheritdoc IBuybackAuction
    function priceOf(uint256 lotId) public view returns (uint256) {
        Lot storage lot = _storage().lots[lotId];
        if (lot.remaining == 0 || block.timestamp >= _end(lot)) revert NotOnSale(lotId);
        return
            FallingPrice.priceAfter(
                lot.startPrice,
                lot.floorPrice,
                lot.durationSeconds,
                block.timestamp - lot.start
            );
    }

    /// @dev Takes the asset from the treasury; returns what arrived, which a fee may have made less.
    function _receive(address asset, uint256 amount) private returns (uint256) {
        uint256 value = asset == Assets.NATIVE ? amount : 0;
        if (msg.value != value) revert WrongPayment(value, msg.value);
        if (asset == Assets.NATIVE) return amount;
        uint256 before = Assets.held(asset);
        IERC20(asset).safeTransferFrom(TREASURY, address(this), amount);
        return Assets.held(asset) - before;
    }

    function _end(Lot storage lot) private view returns (uint256) {
        return uint256(lot.start) + lot.durationSeconds;
    }

    function _storage() private pure returns (AuctionStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
