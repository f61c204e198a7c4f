// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1363Receiver} from "@openzeppelin/contracts/interfaces/IERC1363Receiver.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EpochClock} from "../base/EpochClock.sol";
import {Gwei} from "../base/Gwei.sol";
import {Managed} from "../base/Managed.sol";
import {TimedPause} from "../base/TimedPause.sol";
import {IPaymentEscrow} from "./IPaymentEscrow.sol";
import {ServiceDomain} from "./ServiceDomain.sol";
import {ServiceHashes} from "./ServiceHashes.sol";
import {CompactSignature, SignedVoucher, Voucher} from "./ServiceTypes.sol";

/// @title PaymentEscrow
/// @notice Balances, reserves, signer keys and vouchers of apps. See `IPaymentEscrow`.
contract PaymentEscrow is IPaymentEscrow, IERC1363Receiver, EpochClock, TimedPause, ServiceDomain {
    using Gwei for uint256;
    using Gwei for uint64;
    using SafeERC20 for IERC20;
    using ServiceHashes for Voucher;

    /// @notice The contracts that this one works with.
    struct Peers {
        ERC20Burnable token;
        address staking;
        address treasury;
        address attestations;
    }

    /// @custom:storage-location erc7201:dtelecom.PaymentEscrow
    /// @dev 256 is `RING_EPOCHS`.
    struct EscrowStorage {
        mapping(address app => uint64 amountGwei) free;
        mapping(address app => mapping(uint256 nodeId => Account)) accounts;
        mapping(address app => mapping(uint256 nodeId => Thaw)) thaws;
        mapping(address app => mapping(address signer => Signer)) signers;
        mapping(uint256 nodeId => NodeRevenue[256]) nodeRevenues;
        EpochRevenue[256] epochRevenues;
        StoredConfig config;
    }

    /// @dev One slot; all zero until governance sets it.
    struct StoredConfig {
        uint16 burnBps;
        uint16 treasuryBps;
        uint16 thawEpochs;
    }

    uint256 private constant BPS = 10_000;
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("dtelecom.PaymentEscrow")) - 1)) & ~bytes32(uint256(0xff));

    ERC20Burnable private immutable TOKEN;
    address private immutable STAKING;
    address private immutable TREASURY;
    address private immutable ATTESTATIONS;
    /// @dev What holds until governance sets another.
    uint16 private immutable INITIAL_BURN_BPS;
    uint16 private immutable INITIAL_TREASURY_BPS;
    uint16 private immutable INITIAL_THAW_EPOCHS;

    constructor(
        address authority_,
        Peers memory peers,
        ClockConfig memory clock,
        PaymentConfig memory config,
        PauseConfig memory pauseConfig
    ) Managed(authority_) EpochClock(clock) TimedPause(pauseConfig) {
        if (
            address(peers.token) == address(0) ||
            peers.staking == address(0) ||
            peers.treasury == address(0) ||
            peers.attestations == address(0)
        ) revert ZeroAddress();
        _checkConfig(config);
        TOKEN = peers.token;
        STAKING = peers.staking;
        TREASURY = peers.treasury;
        ATTESTATIONS = peers.attestations;
        // Within bounds that fit 16 bits.
        INITIAL_BURN_BPS = uint16(config.burnBps);
        INITIAL_TREASURY_BPS = uint16(config.treasuryBps);
        INITIAL_THAW_EPOCHS = uint16(config.thawEpochs);
    }

    // -------------------------------------------------------------- governance

    /// @inheritdoc IPaymentEscrow
    function setPaymentConfig(PaymentConfig calldata config) external onlyAuthority {
        _checkConfig(config);
        // Within bounds that fit 16 bits.
        _storage().config = StoredConfig(
            uint16(config.burnBps),
            uint16(config.treasuryBps),
            uint16(config.thawEpochs)
        );
        emit PaymentConfigChanged(config.burnBps, config.treasuryBps, config.thawEpochs);
    }

    // ----------------------------------------------------------------- balance

    /// @inheritdoc IPaymentEscrow
    function deposit(address app, uint256 amount) external {
        _credit(app, msg.sender, amount);
        IERC20(TOKEN).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IPaymentEscrow
    function depositWithPermit(
        address app,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        // A permit that somebody else sent first is used up, but has done its work: the transfer tells.
        try
            IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s)
        {} catch {}
        _credit(app, msg.sender, amount);
        IERC20(TOKEN).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Takes a deposit by `transferAndCall`; only the token calls this.
    /// @param from Who sent the tokens.
    /// @param value In wei, whole gwei.
    /// @param data Empty for the sender's own balance, or the ABI-encoded address of an app.
    function onTransferReceived(
        address,
        address from,
        uint256 value,
        bytes calldata data
    ) external returns (bytes4) {
        if (msg.sender != address(TOKEN)) revert NotToken(msg.sender);
        address app = from;
        if (data.length == 32) app = abi.decode(data, (address));
        else if (data.length != 0) revert InvalidDepositData(data.length);
        _credit(app, from, value);
        return IERC1363Receiver.onTransferReceived.selector;
    }

    /// @inheritdoc IPaymentEscrow
    function withdraw(address to, uint256 amount) external {
        _takeFree(msg.sender, _nonZero(amount));
        emit Withdrawn(msg.sender, to, amount);
        IERC20(TOKEN).safeTransfer(to, amount);
    }

    // ---------------------------------------------------------------- reserves

    /// @inheritdoc IPaymentEscrow
    function reserve(uint256 nodeId, uint256 amount) external whenNotPaused {
        uint64 amountGwei = _nonZero(amount);
        EscrowStorage storage $ = _storage();
        _takeFree(msg.sender, amountGwei);
        uint64 before = $.accounts[msg.sender][nodeId].reserved;
        // What has been collected since a release was asked for cannot come back: without this, a thaw that has run
        // would let a new reserve out at once.
        Thaw storage thaw = $.thaws[msg.sender][nodeId];
        if (thaw.amount > before) thaw.amount = before;
        $.accounts[msg.sender][nodeId].reserved = before + amountGwei;
        emit Reserved(msg.sender, nodeId, amount);
    }

    /// @inheritdoc IPaymentEscrow
    function requestRelease(uint256 nodeId, uint256 amount) external {
        uint64 amountGwei = _nonZero(amount);
        uint64 reserved = _storage().accounts[msg.sender][nodeId].reserved;
        if (amountGwei > reserved) revert InsufficientReserve(msg.sender, nodeId, amount, reserved.toWei());
        // The running epoch does not count as one of the thaw. Epochs fit 64 bits.
        uint64 releasableEpoch = uint64(currentEpoch() + _config().thawEpochs + 1);
        _storage().thaws[msg.sender][nodeId] = Thaw(amountGwei, releasableEpoch);
        emit ReleaseRequested(msg.sender, nodeId, amount, releasableEpoch);
    }

    /// @inheritdoc IPaymentEscrow
    function release(uint256 nodeId) external returns (uint256 amount) {
        EscrowStorage storage $ = _storage();
        Thaw memory thaw = $.thaws[msg.sender][nodeId];
        if (thaw.amount == 0) revert ZeroAmount();
        if (currentEpoch() < thaw.releasableEpoch)
            revert StillThawing(msg.sender, nodeId, thaw.releasableEpoch);
        delete $.thaws[msg.sender][nodeId];
        // The node may have collected a part meanwhile.
        Account storage account = $.accounts[msg.sender][nodeId];
        uint64 amountGwei = thaw.amount < account.reserved ? thaw.amount : account.reserved;
        account.reserved -= amountGwei;
        $.free[msg.sender] += amountGwei;
        amount = amountGwei.toWei();
        emit Released(msg.sender, nodeId, amount);
    }

    // ----------------------------------------------------------------- signers

    /// @inheritdoc IPaymentEscrow
    function addSigner(address signer) external {
        if (signer == address(0)) revert ZeroAddress();
        if (_storage().signers[msg.sender][signer].known) revert SignerKnown(msg.sender, signer);
        // Epochs fit 64 bits.
        uint64 firstEpoch = uint64(currentEpoch());
        _storage().signers[msg.sender][signer] = Signer(firstEpoch, type(uint64).max, true);
        emit SignerAdded(msg.sender, signer, firstEpoch);
    }

    /// @inheritdoc IPaymentEscrow
    function revokeSigner(address signer) external {
        Signer storage entry = _storage().signers[msg.sender][signer];
        if (!entry.known || entry.lastEpoch != type(uint64).max) revert SignerUnknown(msg.sender, signer);
        uint64 lastEpoch = uint64(currentEpoch());
        entry.lastEpoch = lastEpoch;
        emit SignerRevoked(msg.sender, signer, lastEpoch);
    }

    // ---------------------------------------------------------------- vouchers

    /// @inheritdoc IPaymentEscrow
    function collect(Voucher calldata voucher, CompactSignature calldata signature) external {
        address signer = _recover(domainSeparator(), voucher.hash(), signature);
        if (!isVoucherSigner(voucher.app, signer)) revert NotVoucherSigner(voucher.app, signer);
        if (voucher.cumulativeScore > voucher.cumulativeAmount)
            revert InvalidScore(
                voucher.app,
                voucher.nodeId,
                voucher.cumulativeScore,
                voucher.cumulativeAmount
            );
        Account memory account = _storage().accounts[voucher.app][voucher.nodeId];
        uint64 promised = voucher.cumulativeAmount.fromWei();
        if (promised <= account.paid)
            revert VoucherNotHigher(
                voucher.app,
                voucher.nodeId,
                voucher.cumulativeAmount,
                account.paid.toWei()
            );
        if (!_collect(voucher, account, promised)) revert NothingCollectable(voucher.app, voucher.nodeId);
    }

    /// @inheritdoc IPaymentEscrow
    function collectBatch(SignedVoucher[] calldata vouchers) external {
        bytes32 domain = domainSeparator();
        for (uint256 i = 0; i < vouchers.length; ++i) {
            Voucher calldata voucher = vouchers[i].voucher;
            if (!isVoucherSigner(voucher.app, _recover(domain, voucher.hash(), vouchers[i].signature)))
                continue;
            Account memory account = _storage().accounts[voucher.app][voucher.nodeId];
            uint64 promised = voucher.cumulativeAmount.fromWei();
            if (promised > account.paid && voucher.cumulativeScore <= voucher.cumulativeAmount)
                _collect(voucher, account, promised);
        }
    }

    /// @inheritdoc IPaymentEscrow
    function flush(uint256 epoch) external {
        EpochRevenue storage stored = _storage().epochRevenues[epoch % RING_EPOCHS];
        EpochRevenue memory revenue = stored;
        if (revenue.lap != _lap(epoch) || revenue.flushed || collectionEpoch() <= epoch)
            revert NotFlushable(epoch);
        stored.flushed = true;
        _payOut(epoch, revenue);
    }

    /// @inheritdoc IPaymentEscrow
    function closeEpoch(uint256 epoch) external returns (uint64 burnedGwei) {
        _onlyPeer(ATTESTATIONS);
        EpochRevenue storage stored = _storage().epochRevenues[epoch % RING_EPOCHS];
        EpochRevenue memory revenue = stored;
        if (revenue.lap != _lap(epoch)) return 0;
        if (!revenue.flushed) {
            stored.flushed = true;
            _payOut(epoch, revenue);
        }
        return revenue.burned;
    }

    // ------------------------------------------------------------------- views

    /// @inheritdoc IPaymentEscrow
    function balanceOf(address app) external view returns (uint256) {
        return _storage().free[app].toWei();
    }

    /// @inheritdoc IPaymentEscrow
    function accountOf(address app, uint256 nodeId) external view returns (Account memory) {
        return _storage().accounts[app][nodeId];
    }

    /// @inheritdoc IPaymentEscrow
    function thawOf(address app, uint256 nodeId) external view returns (Thaw memory) {
        return _storage().thaws[app][nodeId];
    }

    /// @inheritdoc IPaymentEscrow
    function signerOf(address app, address signer) external view returns (Signer memory) {
        return _storage().signers[app][signer];
    }

    /// @inheritdoc IPaymentEscrow
    function isGrantSigner(address app, address signer, uint256 epoch) external view returns (bool) {
        Signer memory entry = _storage().signers[app][signer];
        return entry.known && entry.firstEpoch <= epoch && epoch <= entry.lastEpoch;
    }

    /// @inheritdoc IPaymentEscrow
    function isVoucherSigner(address app, address signer) public view returns (bool) {
        Signer memory entry = _storage().signers[app][signer];
        if (!entry.known) return false;
        return
            entry.lastEpoch == type(uint64).max || currentEpoch() <= entry.lastEpoch + _config().thawEpochs;
    }

    /// @inheritdoc IPaymentEscrow
    function nodeRevenueOf(
        uint256 nodeId,
        uint256 epoch
    ) external view returns (uint256 burned, uint256 scored, uint256 stakers) {
        NodeRevenue memory revenue = _storage().nodeRevenues[nodeId][epoch % RING_EPOCHS];
        if (revenue.lap != _lap(epoch)) return (0, 0, 0);
        return (revenue.burned.toWei(), revenue.scored.toWei(), revenue.stakers.toWei());
    }

    /// @inheritdoc IPaymentEscrow
    function epochRevenueOf(uint256 epoch) external view returns (EpochRevenue memory revenue) {
        revenue = _storage().epochRevenues[epoch % RING_EPOCHS];
        if (revenue.lap != _lap(epoch)) delete revenue;
    }

    /// @inheritdoc IPaymentEscrow
    function paymentConfig() external view returns (PaymentConfig memory) {
        StoredConfig memory config = _config();
        return PaymentConfig(config.burnBps, config.treasuryBps, config.thawEpochs);
    }

    /// @inheritdoc IPaymentEscrow
    function collectionEpoch() public view returns (uint256) {
        uint256 halfAgo = block.timestamp - EPOCH_SECONDS / 2;
        return halfAgo < GENESIS ? 0 : epochAt(halfAgo);
    }

    // ---------------------------------------------------------------- internal

    function _nonZero(uint256 amount) private pure returns (uint64) {
        if (amount == 0) revert ZeroAmount();
        return amount.fromWei();
    }

    function _credit(address app, address from, uint256 amount) private whenNotPaused {
        if (app == address(0)) revert ZeroAddress();
        _storage().free[app] += _nonZero(amount);
        emit Deposited(app, from, amount);
    }

    function _takeFree(address app, uint64 amountGwei) private {
        uint64 free = _storage().free[app];
        if (amountGwei > free) revert InsufficientBalance(app, amountGwei.toWei(), free.toWei());
        // Checked in the line above.
        _storage().free[app] = free - amountGwei;
    }

    /// @dev Collects what a voucher promises beyond `account.paid`, as far as the balance goes; false where it finds
    /// nothing. The part of amount and score that is not paid stays collectable with the same voucher.
    function _collect(
        Voucher calldata voucher,
        Account memory account,
        uint64 promised
    ) private returns (bool) {
        EscrowStorage storage $ = _storage();
        uint64 due = promised - account.paid;
        // The score of earlier vouchers can make this one's count for less, never its amount: an app could otherwise
        // void a voucher by collecting another with a score that does not fit it.
        uint64 score = voucher.cumulativeScore.fromWei();
        score = score > account.score ? score - account.score : 0;
        if (score > due) score = due;
        uint64 amount = due;
        uint64 fromReserve = amount;
        if (fromReserve > account.reserved) {
            fromReserve = account.reserved;
            uint64 fromFree = amount - fromReserve;
            uint64 free = $.free[voucher.app];
            if (fromFree > free) {
                fromFree = free;
                amount = fromReserve + fromFree;
                if (amount == 0) return false;
            }
            $.free[voucher.app] = free - fromFree;
        }
        // amount ≤ due, so the part fits.
        uint64 scorePart = uint64((uint256(score) * amount) / due);
        account.paid += amount;
        account.score += scorePart;
        account.reserved -= fromReserve;
        $.accounts[voucher.app][voucher.nodeId] = account;
        _split(voucher.app, voucher.nodeId, amount, scorePart, fromReserve);
        return true;
    }

    /// @dev Splits a collection and counts it for the epoch that ran half an epoch ago.
    function _split(address app, uint256 nodeId, uint64 amount, uint64 score, uint64 fromReserve) private {
        uint256 epoch = collectionEpoch();
        EpochRevenue memory revenue = _openEpoch(epoch);
        // All parts are fractions of a 64-bit amount.
        uint64 burned = uint64((uint256(amount) * revenue.burnBps) / BPS);
        uint64 treasury = uint64((uint256(amount) * revenue.treasuryBps) / BPS);
        uint64 stakers;
        // Burn and treasury together are at most 45 % of the amount.
        unchecked {
            stakers = amount - burned - treasury;
        }
        uint64 scored = uint64((uint256(burned) * score) / amount);
        revenue.burned += burned;
        revenue.treasury += treasury;
        revenue.stakers += stakers;
        _storage().epochRevenues[epoch % RING_EPOCHS] = revenue;
        _addNodeRevenue(nodeId, epoch, NodeRevenue(burned, scored, stakers, revenue.lap));
        emit VoucherCollected(
            app,
            nodeId,
            epoch,
            amount.toWei(),
            score.toWei(),
            fromReserve.toWei(),
            burned.toWei(),
            scored.toWei(),
            treasury.toWei()
        );
    }

    /// @dev The epoch's revenue so far. The first collection fixes how the epoch is split: a word that is read anyway.
    function _openEpoch(uint256 epoch) private returns (EpochRevenue memory revenue) {
        uint24 lap = _lap(epoch);
        revenue = _storage().epochRevenues[epoch % RING_EPOCHS];
        if (revenue.lap == lap) return revenue;
        if (revenue.lap != 0 && !revenue.flushed) {
            // Nobody flushed the epoch whose slot this was for a whole lap: its tokens must not be forgotten.
            _payOut(epoch - RING_EPOCHS * (lap - revenue.lap), revenue);
        }
        StoredConfig memory config = _config();
        return EpochRevenue(0, 0, 0, lap, false, config.burnBps, config.treasuryBps);
    }

    function _config() private view returns (StoredConfig memory config) {
        config = _storage().config;
        if (config.burnBps == 0)
            return StoredConfig(INITIAL_BURN_BPS, INITIAL_TREASURY_BPS, INITIAL_THAW_EPOCHS);
    }

    function _checkConfig(PaymentConfig memory config) private pure {
        if (
            config.burnBps < 500 ||
            config.burnBps > 3_000 ||
            config.treasuryBps < 200 ||
            config.treasuryBps > 1_500 ||
            config.thawEpochs < 2 ||
            config.thawEpochs > 56
        ) revert InvalidPaymentConfig(config.burnBps, config.treasuryBps, config.thawEpochs);
    }

    function _addNodeRevenue(uint256 nodeId, uint256 epoch, NodeRevenue memory added) private {
        NodeRevenue storage slot = _storage().nodeRevenues[nodeId][epoch % RING_EPOCHS];
        NodeRevenue memory revenue = slot;
        if (revenue.lap == added.lap) {
            added.burned += revenue.burned;
            added.scored += revenue.scored;
            added.stakers += revenue.stakers;
        }
        _storage().nodeRevenues[nodeId][epoch % RING_EPOCHS] = added;
    }

    function _payOut(uint256 epoch, EpochRevenue memory revenue) private {
        emit EpochFlushed(epoch, revenue.burned.toWei(), revenue.treasury.toWei(), revenue.stakers.toWei());
        TOKEN.burn(revenue.burned.toWei());
        IERC20(TOKEN).safeTransfer(TREASURY, revenue.treasury.toWei());
        IERC20(TOKEN).safeTransfer(STAKING, revenue.stakers.toWei());
    }

    function _storage() private pure returns (EscrowStorage storage $) {
        bytes32 slot = STORAGE;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
