// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {CompactSignature, SignedVoucher, Voucher} from "./ServiceTypes.sol";

/// @title IPaymentEscrow
/// @notice Apps pay here: a balance with a free part and reserves for single nodes, signer keys, vouchers.
/// @dev Amounts are wei at this interface and whole gwei in storage; other amounts are refused.
interface IPaymentEscrow {
    /// @notice How a collected amount is split and how long things thaw.
    /// @param burnBps Burned, in 1/10,000; 500 to 3,000.
    /// @param treasuryBps To the treasury, in 1/10,000; 200 to 1,500.
    /// @param thawEpochs Epochs that a released reserve, and a revoked signer's vouchers, stay collectable; 2 to 56.
    struct PaymentConfig {
        uint256 burnBps;
        uint256 treasuryBps;
        uint256 thawEpochs;
    }

    /// @notice What a node collected in an epoch, in gwei.
    /// @param burned Burned.
    /// @param scored Burned, weighted with the app's score.
    /// @param stakers The part of the node's stakers.
    /// @param lap Which lap of the ring this is; see `EpochClock`.
    struct NodeRevenue {
        uint64 burned;
        uint64 scored;
        uint64 stakers;
        uint24 lap;
    }

    /// @notice What all nodes collected in an epoch, in gwei.
    /// @param burned Burned.
    /// @param treasury The treasury's part.
    /// @param stakers The stakers' part.
    /// @param lap Which lap of the ring this is; see `EpochClock`.
    /// @param flushed Whether the tokens were moved.
    /// @param burnBps Part of each collection that is burned in this epoch, in 1/10,000: as the first one found it.
    /// @param treasuryBps Part for the treasury, in 1/10,000.
    struct EpochRevenue {
        uint64 burned;
        uint64 treasury;
        uint64 stakers;
        uint24 lap;
        bool flushed;
        uint16 burnBps;
        uint16 treasuryBps;
    }

    /// @notice What an app and a node have with each other, in gwei.
    /// @param paid Collected so far.
    /// @param score The score that goes with it.
    /// @param reserved Guaranteed to the node; what thaws is part of it.
    struct Account {
        uint64 paid;
        uint64 score;
        uint64 reserved;
    }

    /// @notice A reserve on its way back.
    /// @param amount At most this much is released, in gwei. A node should count on the rest of the reserve only.
    /// @param releasableEpoch From this epoch on.
    struct Thaw {
        uint64 amount;
        uint64 releasableEpoch;
    }

    /// @notice A signer key of an app. Epochs are those in which its grants count.
    /// @param firstEpoch First epoch.
    /// @param lastEpoch Last epoch; 2^64 − 1 while it is not revoked. Never grows.
    /// @param known Whether the key was ever added.
    struct Signer {
        uint64 firstEpoch;
        uint64 lastEpoch;
        bool known;
    }

    /// @notice Payment parameters are out of bounds.
    error InvalidPaymentConfig(uint256 burnBps, uint256 treasuryBps, uint256 thawEpochs);
    /// @notice An amount is zero.
    error ZeroAmount();
    /// @notice The free part of the app's balance is smaller.
    error InsufficientBalance(address app, uint256 requestedWei, uint256 freeWei);
    /// @notice The reserve is smaller.
    error InsufficientReserve(address app, uint256 nodeId, uint256 requestedWei, uint256 reservedWei);
    /// @notice The reserve has not thawed.
    error StillThawing(address app, uint256 nodeId, uint256 releasableEpoch);
    /// @notice The key was added before; a revoked key never comes back.
    error SignerKnown(address app, address signer);
    /// @notice The key is no signer of the app that could be revoked.
    error SignerUnknown(address app, address signer);
    /// @notice The voucher was not signed by a signer of the app whose vouchers still count.
    error NotVoucherSigner(address app, address signer);
    /// @notice The voucher promises no more than was collected already.
    error VoucherNotHigher(address app, uint256 nodeId, uint256 cumulativeAmount, uint256 paid);
    /// @notice The voucher's score is above its amount.
    error InvalidScore(address app, uint256 nodeId, uint256 cumulativeScore, uint256 cumulativeAmount);
    /// @notice The app has nothing left that this node could collect.
    error NothingCollectable(address app, uint256 nodeId);
    /// @notice The epoch still collects, or was flushed, or had nothing.
    error NotFlushable(uint256 epoch);
    /// @notice Somebody other than the token reports a transfer.
    error NotToken(address caller);
    /// @notice The data that came with a transfer is neither empty nor an address.
    error InvalidDepositData(uint256 length);

    /// @notice An app's free balance grew.
    event Deposited(address indexed app, address indexed from, uint256 amount);
    /// @notice An app took free balance out.
    event Withdrawn(address indexed app, address indexed to, uint256 amount);
    /// @notice A part of an app's balance is guaranteed to a node.
    event Reserved(address indexed app, uint256 indexed nodeId, uint256 amount);
    /// @notice An app asked a reserve back; `amount` replaces what was thawing before.
    event ReleaseRequested(
        address indexed app,
        uint256 indexed nodeId,
        uint256 amount,
        uint256 releasableEpoch
    );
    /// @notice A reserve came back to the free balance.
    event Released(address indexed app, uint256 indexed nodeId, uint256 amount);
    /// @notice An app added a signer key.
    event SignerAdded(address indexed app, address indexed signer, uint256 firstEpoch);
    /// @notice An app revoked a signer key.
    event SignerRevoked(address indexed app, address indexed signer, uint256 lastEpoch);
    /// @notice A node collected, in wei; `amount` = burned + treasury + stakers.
    /// @param epoch The epoch that the fees count for.
    /// @param amount Paid by the app.
    /// @param score The score that went with it.
    /// @param fromReserve What of it came from the reserve.
    /// @param burned To be burned.
    /// @param scoredBurn What of that counts for work rewards.
    /// @param treasury The treasury's part.
    event VoucherCollected(
        address indexed app,
        uint256 indexed nodeId,
        uint256 indexed epoch,
        uint256 amount,
        uint256 score,
        uint256 fromReserve,
        uint256 burned,
        uint256 scoredBurn,
        uint256 treasury
    );
    /// @notice Collections are split in another way from the first epoch on that nobody has collected for yet.
    event PaymentConfigChanged(uint256 burnBps, uint256 treasuryBps, uint256 thawEpochs);
    /// @notice The fees of an epoch were burned and paid out, in wei.
    event EpochFlushed(uint256 indexed epoch, uint256 burned, uint256 treasury, uint256 stakers);

    /// @notice Adds to an app's free balance; the caller has approved this contract. `transferAndCall` on the token
    /// does the same in one transaction, for the sender or for an app given as ABI-encoded data.
    function deposit(address app, uint256 amount) external;

    /// @notice Adds to an app's free balance with an ERC-2612 permit of the caller.
    function depositWithPermit(
        address app,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Takes the caller's free balance out, at any time.
    function withdraw(address to, uint256 amount) external;

    /// @notice Guarantees a part of the caller's free balance to a node, at once. What was collected of a reserve that
    /// thaws is taken off the thaw.
    function reserve(uint256 nodeId, uint256 amount) external;

    /// @notice Asks a part of a reserve back. It stays collectable until it is released. A new request replaces the
    /// old one and its time.
    function requestRelease(uint256 nodeId, uint256 amount) external;

    /// @notice Moves a thawed reserve, as far as it was not collected, back to the caller's free balance.
    function release(uint256 nodeId) external returns (uint256 amount);

    /// @notice Adds a signer key of the calling app, valid from this epoch on.
    function addSigner(address signer) external;

    /// @notice Revokes a signer key of the calling app: its grants end with this epoch, its vouchers stay
    /// collectable for the thaw.
    function revokeSigner(address signer) external;

    /// @notice Collects what a voucher promises beyond what was collected; anyone. A short balance advances amount
    /// and score in proportion and leaves the rest collectable.
    function collect(Voucher calldata voucher, CompactSignature calldata signature) external;

    /// @notice Collects several vouchers; anyone. One whose signer does not count, whose score is above its amount, that
    /// promises nothing more or finds nothing is passed over; what the sender could have seen before is refused.
    function collectBatch(SignedVoucher[] calldata vouchers) external;

    /// @notice Burns and pays out what was collected for an epoch that collects no more; anyone. Drawing the epoch's seed
    /// does it too.
    function flush(uint256 epoch) external;

    /// @notice Flushes an epoch unless it is flushed or had nothing; only `ServiceAttestations`, as it draws the seed.
    /// @return burnedGwei Burned of the epoch's fees, in gwei.
    function closeEpoch(uint256 epoch) external returns (uint64 burnedGwei);

    /// @notice Sets how collections are split and how long things thaw; only the authority. Epochs that were collected for keep
    /// their split.
    /// @param config Within the bounds of `PaymentConfig`.
    function setPaymentConfig(PaymentConfig calldata config) external;

    /// @notice How collections are split and how long things thaw, for epochs that nobody has collected for yet.
    function paymentConfig() external view returns (PaymentConfig memory);

    /// @notice An app's free balance, in wei.
    function balanceOf(address app) external view returns (uint256);

    /// @notice What an app and a node have with each other.
    function accountOf(address app, uint256 nodeId) external view returns (Account memory);

    /// @notice A reserve on its way back.
    function thawOf(address app, uint256 nodeId) external view returns (Thaw memory);

    /// @notice A signer key of an app.
    function signerOf(address app, address signer) external view returns (Signer memory);

    /// @notice Whether grants by this key count in an epoch.
    function isGrantSigner(address app, address signer, uint256 epoch) external view returns (bool);

    /// @notice Whether vouchers by this key can be collected now.
    function isVoucherSigner(address app, address signer) external view returns (bool);

    /// @notice What a node collected for an epoch, in wei; zero where the epoch left the ring.
    function nodeRevenueOf(
        uint256 nodeId,
        uint256 epoch
    ) external view returns (uint256 burned, uint256 scored, uint256 stakers);

    /// @notice What all nodes collected for an epoch; zero where the epoch left the ring.
    function epochRevenueOf(uint256 epoch) external view returns (EpochRevenue memory);

    /// @notice The epoch that a collection counts for now: the one that ran half an epoch ago, from epoch 0 on.
    function collectionEpoch() external view returns (uint256);
}
