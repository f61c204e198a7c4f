// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1363} from "@openzeppelin/contracts/token/ERC20/extensions/ERC1363.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EmissionSchedule} from "./EmissionSchedule.sol";
import {IDTelToken} from "./IDTelToken.sol";

/// @title DTelToken
/// @notice DTEL: ERC-20 with permit, votes on a timestamp clock, burn and `transferAndCall`. Not upgradeable.
/// @dev Two fixed peers, nobody else has a right here. The distributor mints, and the schedule in this contract
/// bounds it, whatever it is upgraded to. `NodeStaking` moves stake in and out without moving the staker's votes:
/// the governor needs no knowledge of staking.
contract DTelToken is IDTelToken, ERC1363, ERC20Burnable, ERC20Permit, ERC20Votes {
    /// @notice Minted once, at construction, in wei: 60 % of all that can ever exist.
    uint256 public constant GENESIS_SUPPLY = 600_000_000e18;

    /// @dev Emission begins with the epochs, which may run for a while before a deployment is complete.
    uint256 private constant MAX_START_AGE = 30 days;

    /// @notice The part of the genesis supply that lies in `NodeStaking` and belongs to nobody, in wei. A position can be
    /// worth a gwei less than what voted when it was staked; this backs such votes, a thousand million times, so that
    /// nobody's payment waits for a gwei.
    uint256 public constant ROUNDING_RESERVE = 1e18;

    /// @notice The only address that may mint.
    address public immutable DISTRIBUTOR;
    /// @notice The only address that stakes.
    address public immutable STAKING;
    /// @notice Unix time at which emission begins, in seconds.
    uint256 public immutable EMISSION_START;

    /// @inheritdoc IDTelToken
    uint256 public emitted;
    /// @inheritdoc IDTelToken
    uint256 public votelessStake;
    mapping(address account => uint256 units) private _stakedUnits;

    /// @param holder Receives the genesis supply, but for the rounding reserve.
    /// @param distributor May mint emission.
    /// @param staking Moves stake in and out.
    /// @param emissionStart Unix time in seconds; the genesis of the epochs.
    constructor(
        address holder,
        address distributor,
        address staking,
        uint256 emissionStart
    ) ERC20("dTelecom", "DTEL") ERC20Permit("dTelecom") {
        if (holder == address(0) || distributor == address(0) || staking == address(0))
            revert InvalidPeer(distributor, staking);
        // An early start would make years of emission due at once.
        if (emissionStart + MAX_START_AGE < block.timestamp) revert EmissionStartTooEarly(emissionStart);
        DISTRIBUTOR = distributor;
        STAKING = staking;
        EMISSION_START = emissionStart;
        _mint(staking, ROUNDING_RESERVE);
        _mint(holder, GENESIS_SUPPLY - ROUNDING_RESERVE);
    }

    /// @inheritdoc IDTelToken
    function mint(address to, uint256 amount) external {
        if (msg.sender != DISTRIBUTOR) revert NotPeer(msg.sender);
        uint256 total = emitted + amount;
        uint256 due = EmissionSchedule.emittedAfter(block.timestamp - EMISSION_START);
        if (total > due) revert EmissionExceeded(total, due);
        emitted = total;
        _mint(to, amount);
    }

    /// @inheritdoc IDTelToken
    function stakeFrom(address from, uint256 amount) external {
        if (msg.sender != STAKING) revert NotPeer(msg.sender);
        _spendAllowance(from, STAKING, amount);
        uint256 units = _stakedUnits[from] + amount;
        _stakedUnits[from] = units;
        emit StakedUnitsChanged(from, units);
        // Past ERC20Votes: the tokens go, the votes stay.
        ERC20._update(from, STAKING, amount);
    }

    /// @inheritdoc IDTelToken
    function unstakeTo(address to, uint256 amount, uint256 units) external {
        if (msg.sender != STAKING) revert NotPeer(msg.sender);
        if (units != 0) {
            uint256 left = _stakedUnits[to] - units;
            _stakedUnits[to] = left;
            emit StakedUnitsChanged(to, left);
        }
        // Every vote through stake is backed by a token that lies there.
        if (amount > units) _useVoteless(amount - units);
        else if (units > amount) votelessStake += units - amount;
        if (amount != 0) ERC20._update(STAKING, to, amount);
        // The tokens arrive with their own votes: only what differs from the units given back moves.
        if (amount > units) _moveDelegateVotes(address(0), delegates(to), amount - units);
        else if (units > amount) _moveDelegateVotes(delegates(to), address(0), units - amount);
    }

    /// @inheritdoc IDTelToken
    function stakedUnitsOf(address account) external view returns (uint256) {
        return _stakedUnits[account];
    }

    /// @notice The voting clock: Unix time in seconds (ERC-6372).
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable func-name-mixedcase
    /// @notice The clock's name as ERC-6372 wants it.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }
    // solhint-enable func-name-mixedcase

    /// @notice The next permit nonce of an owner (ERC-2612).
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return balanceOf(account) + _stakedUnits[account];
    }

    /// @dev Staking moves tokens past this: what comes to `NodeStaking` here votes for nobody, and only that may leave here.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        if (from == STAKING) _useVoteless(value);
        if (to == STAKING) votelessStake += value;
        super._update(from, to, value);
    }

    function _useVoteless(uint256 amount) private {
        uint256 voteless = votelessStake;
        if (amount > voteless) revert UnitsNotBacked(amount, voteless);
        votelessStake = voteless - amount;
    }
}
