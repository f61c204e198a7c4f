// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {StdInvariant} from "forge-std/StdInvariant.sol";
import {INodeStaking} from "../../../contracts/staking/INodeStaking.sol";
import {INodeStakingTypes} from "../../../contracts/staking/INodeStakingTypes.sol";
import {IDTelToken} from "../../../contracts/token/IDTelToken.sol";

/// @title StakingWorld
/// @notice `NodeStaking` with the real token among random people. It stands in for registry, distributor and penalty
/// manager, and the invariants below are held against it after every random sequence of calls.
contract StakingWorld is FuzzTest {
    uint256 private constant EPOCH = 600;
    uint256 private constant PERIOD = 3 * EPOCH;
    uint256 private constant PEOPLE = 4;
    uint256 private constant GENESIS = 1_000_000;
    uint256 public constant NODE = 1;
    /// @notice What the token puts there for rounding.
    uint256 public constant ROUNDING_RESERVE = 1e18;

    INodeStaking public immutable STAKING;
    IDTelToken public immutable TOKEN;
    address[] public people;
    /// @notice Slashes in escrow.
    INodeStakingTypes.SlashTaken[] public open;
    /// @notice Whether a slash ever went back: who had left is owed his part until he asks for it.
    bool public everReturned;
    /// @notice Slashes and requests of every size: each can leave a gwei to nobody.
    uint256 public roundings;
    /// @notice The node's owner, as the registry says.
    address public immutable OWNER = address(0xB055);

    constructor() {
        vm.warp(GENESIS);
        address staking = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        TOKEN = IDTelToken(
            _deploy("DTelToken", abi.encode(address(this), address(this), staking, block.timestamp))
        );
        bytes memory common = abi.encodePacked(
            abi.encode(address(this), [address(TOKEN), address(this), address(this), address(this)]),
            abi.encode([block.timestamp, EPOCH, 32], [1_000e18, 10, PERIOD, 2 * PERIOD + 1])
        );
        address extension = _deploy("StakingExtension", common);
        STAKING = INodeStaking(
            _deploy("NodeStaking", abi.encodePacked(common, abi.encode([uint256(60), 60], extension)))
        );
        assertEq(address(STAKING), staking);
        for (uint256 i = 0; i < PEOPLE; ++i) people.push(address(uint160(0xA000 + i)));
    }

    /// @notice The first bond: not in the constructor, while this cannot be asked for the node's owner yet.
    function begin() external {
        _bond(2_000e18);
        vm.warp(block.timestamp + EPOCH);
    }

    // ------------------------------------------------------------- stand-ins

    /// @notice As the registry.
    function ownerOf(uint256) external view returns (address) {
        return OWNER;
    }

    /// @notice As the distributor: everything that was credited is here at once.
    function pendingMint() external pure returns (uint256) {
        return 0;
    }

    // --------------------------------------------------------------- actions

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, PERIOD));
    }

    function delegate(uint256 who, uint256 amount) external {
        address person = people[who % PEOPLE];
        // Dust and fortunes.
        amount = (bound(amount, 1, who % 3 == 0 ? 10 : 8_000e9)) * 1e9;
        require(TOKEN.transfer(person, amount));
        uint256 worthBefore = STAKING.delegationOf(NODE, person);
        vm.startPrank(person);
        TOKEN.approve(address(STAKING), amount);
        try STAKING.delegate(NODE, amount, 0) returns (uint256 shares) {
            assertGe(shares, 1, "shares");
            // Rounding to gwei of what was there before and of what came is all that can be won.
            assertLe(STAKING.delegationOf(NODE, person), worthBefore + amount + 1e9, "joining gains");
        } catch {}
        vm.stopPrank();
    }

    function undelegate(uint256 who, uint256 part) external {
        address person = people[who % PEOPLE];
        uint256 held = STAKING.positionOf(NODE, person).shares;
        if (held == 0) return;
        uint256 shares = part % 3 == 0 ? held : bound(part, 1, held);
        uint256 worthBefore = STAKING.delegationOf(NODE, person);
        vm.prank(person);
        try STAKING.requestUndelegate(NODE, shares) returns (uint256 amount) {
            assertLe(amount, worthBefore, "leaving gains");
        } catch (bytes memory reason) {
            assertEq(
                bytes4(reason),
                INodeStakingTypes.ZeroAmount.selector,
                "leaving is refused for dust only"
            );
            assertLt(shares, held, "the last shares always leave");
        }
    }

    function withdraw(uint256 who) external {
        address person = people[who % PEOPLE];
        (uint256 payableNow, ) = STAKING.exitOf(NODE, person);
        if (payableNow == 0) return;
        uint256 before = TOKEN.balanceOf(person);
        vm.prank(person);
        STAKING.withdraw(NODE);
        assertEq(TOKEN.balanceOf(person) - before, payableNow, "paid in full");
    }

    function credit(uint256 amount, uint256 epochsAgo) external {
        amount = bound(amount, 1, 1_000e9) * 1e9;
        uint256 epoch = currentEpoch();
        epochsAgo = bound(epochsAgo, 0, epoch > 3 ? 3 : epoch);
        uint256 totalStake = STAKING.totalStakeAt(epoch - epochsAgo);
        // All stake of the network is this node's: it gets all of the availability reward, or nothing of the work either.
        (uint256 work, uint256 availability) = STAKING.creditIncome(
            NODE,
            epoch - epochsAgo,
            INodeStakingTypes.EpochIncome(0, amount, 2 * amount, totalStake)
        );
        assertEq(work, totalStake == 0 ? 0 : amount, "work");
        assertEq(availability, 2 * work, "availability");
        require(TOKEN.transfer(address(STAKING), work + availability));
    }

    function bond(uint256 amount) external {
        _bond(bound(amount, 1, 1_000e9) * 1e9);
    }

    function unbond(uint256 part) external {
        uint256 bonded = uint256(STAKING.poolOf(NODE).bond) * 1e9;
        if (bonded == 0) return;
        uint256 amount = part % 4 == 0 ? bonded : bound(part, 1, bonded / 1e9) * 1e9;
        vm.prank(OWNER);
        try STAKING.requestUnbond(NODE, amount) {} catch {}
    }

    function takeOwnersMoney() external {
        (uint256 payableNow, ) = STAKING.bondExitOf(NODE);
        vm.startPrank(OWNER);
        if (payableNow != 0) STAKING.withdrawBond(NODE);
        if (STAKING.ownerIncomeOf(NODE) != 0) STAKING.claimOwnerIncome(NODE);
        vm.stopPrank();
    }

    function slash(uint256 amount, uint256 limitBps, uint256 ago) external {
        if (open.length >= 4) return;
        // Mostly within the bond, sometimes far beyond it.
        amount = bound(amount, 1, limitBps % 2 == 0 ? 500e9 : 20_000e9) * 1e9;
        uint256 faultAt = block.timestamp - bound(ago, 0, (block.timestamp - GENESIS) % (2 * PERIOD));
        uint256 bondBefore = STAKING.bondOf(NODE);
        uint256 assetsBefore = STAKING.assetsOf(NODE);
        (, uint256 inBefore, uint256 beforeBefore) = STAKING.unbondingOf(NODE);
        INodeStakingTypes.SlashTaken memory taken = STAKING.slash(NODE, faultAt, amount, limitBps % 501);
        assertLe(_sum(taken) * 1e9, amount, "no more than asked for");
        if (amount > bondBefore) assertEq(uint256(taken.bond) * 1e9, bondBefore, "the bond goes first");
        uint256 liable = assetsBefore + inBefore + beforeBefore;
        assertLe(
            (uint256(taken.pool) + taken.exitPrevious + taken.exitCurrent) * 1e9 * 10_000,
            liable * (limitBps % 501) + 1e13,
            "limit"
        );
        if (assetsBefore != 0 && taken.pool != 0)
            assertLt(uint256(taken.pool) * 1e9, assetsBefore, "never emptied");
        open.push(taken);
        ++roundings;
    }

    function endSlash(uint256 which, bool upheld, uint256 bountyPart) external {
        if (open.length == 0) return;
        which %= open.length;
        INodeStakingTypes.SlashTaken memory taken = open[which];
        open[which] = open[open.length - 1];
        open.pop();
        if (upheld) {
            uint256 bounty = (_ofBond(taken) * (bountyPart % 2_001)) / 10_000;
            uint256 before = TOKEN.balanceOf(address(0xB0B));
            STAKING.burnSlashed(NODE, taken, address(0xB0B), bounty * 1e9);
            assertEq(TOKEN.balanceOf(address(0xB0B)) - before, bounty * 1e9, "bounty");
        } else {
            uint256 bondBefore = STAKING.bondOf(NODE);
            STAKING.returnSlashed(NODE, taken);
            assertEq(STAKING.bondOf(NODE), bondBefore + uint256(taken.bond) * 1e9, "the bond is back");
            everReturned = true;
        }
    }

    function restore(uint256 who, uint256 periodsAgo) external {
        uint256 period = STAKING.currentPeriod();
        periodsAgo = periodsAgo % 5;
        if (periodsAgo > period) return;
        address person = people[who % PEOPLE];
        (uint256 payableBefore, ) = STAKING.exitOf(NODE, person);
        try STAKING.restoreExit(NODE, person, period - periodsAgo) {
            (uint256 payableNow, ) = STAKING.exitOf(NODE, person);
            assertGt(payableNow, payableBefore, "restored");
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), INodeStakingTypes.NothingToWithdraw.selector, "nothing to restore");
        }
    }

    function sync(uint256 who) external {
        address person = people[who % PEOPLE];
        try STAKING.syncVotes(NODE, person) {
            (uint256 payableNow, uint256 waiting) = STAKING.exitOf(NODE, person);
            assertEq(
                uint256(STAKING.positionOf(NODE, person).units) * 1e9,
                STAKING.delegationOf(NODE, person) + payableNow + waiting,
                "votes are what it is worth"
            );
        } catch (bytes memory reason) {
            bytes4 expected =
                open.length == 0
                    ? INodeStakingTypes.NothingToSync.selector
                    : INodeStakingTypes.SlashOpen.selector;
            assertEq(bytes4(reason), expected, "nothing to sync");
        }
    }

    function burnPending() external {
        if (STAKING.pendingBurn() != 0) STAKING.burnPending();
    }

    // ----------------------------------------------------------------- books

    /// @notice What is in escrow or waits to be burned, in wei, and what of it still votes for the owner.
    function slashed() public view returns (uint256 total, uint256 ofOwner) {
        total = STAKING.pendingBurn() + STAKING.burnAwaitingSync(NODE);
        for (uint256 i = 0; i < open.length; ++i) {
            total += _sum(open[i]) * 1e9;
            ofOwner += _ofBond(open[i]) * 1e9;
        }
    }

    /// @notice Votes that slashes left without stake and nobody has taken back yet, in wei.
    function unsynced() external view returns (uint256 total) {
        for (uint256 i = 0; i < PEOPLE; ++i) {
            (uint256 payableNow, uint256 waiting) = STAKING.exitOf(NODE, people[i]);
            uint256 value = STAKING.delegationOf(NODE, people[i]) + payableNow + waiting;
            uint256 held = uint256(STAKING.positionOf(NODE, people[i]).units) * 1e9;
            if (held > value) total += held - value;
        }
    }

    /// @notice The epoch that is running.
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - GENESIS) / EPOCH;
    }

    /// @notice What the contract owes, in wei.
    function owed() external view returns (uint256 total) {
        INodeStakingTypes.Pool memory pool = STAKING.poolOf(NODE);
        INodeStakingTypes.IncomeStream memory stream = STAKING.streamOf(NODE);
        total = uint256(pool.bond) + pool.assets + stream.streaming + stream.arriving + stream.vested;
        total = (total + stream.ownerIncome) * 1e9;
        (uint256 taken, ) = slashed();
        total += taken;
        (uint256 payableNow, uint256 waiting) = STAKING.bondExitOf(NODE);
        total += payableNow + waiting;
        for (uint256 i = 0; i < PEOPLE; ++i) {
            (payableNow, waiting) = STAKING.exitOf(NODE, people[i]);
            total += payableNow + waiting;
        }
    }

    /// @notice What all shares are worth, in wei, and how many there are.
    function delegated() external view returns (uint256 worth, uint256 shares) {
        for (uint256 i = 0; i < PEOPLE; ++i) {
            worth += STAKING.delegationOf(NODE, people[i]);
            shares += STAKING.positionOf(NODE, people[i]).shares;
        }
    }

    /// @notice Voting units by the books of the pool and of the token, in wei.
    function units() external view returns (uint256 byPositions, uint256 byToken) {
        (uint256 payableNow, uint256 waiting) = STAKING.bondExitOf(NODE);
        (, uint256 inEscrow) = slashed();
        byPositions = uint256(STAKING.poolOf(NODE).bond) * 1e9 + payableNow + waiting + inEscrow;
        byToken = TOKEN.stakedUnitsOf(OWNER);
        for (uint256 i = 0; i < PEOPLE; ++i) {
            byPositions += uint256(STAKING.positionOf(NODE, people[i]).units) * 1e9;
            byToken += TOKEN.stakedUnitsOf(people[i]);
        }
    }

    /// @dev From its artifact: compiling the contracts into this one would take another minute.
    function _deploy(string memory name, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(vm.getCode(name), arguments);
        assembly {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), name);
    }

    function _bond(uint256 amount) private {
        require(TOKEN.transfer(OWNER, amount));
        vm.startPrank(OWNER);
        TOKEN.approve(address(STAKING), amount);
        try STAKING.bond(NODE, amount) {} catch (bytes memory reason) {
            assertEq(bytes4(reason), INodeStakingTypes.BondTooLow.selector, "refused below the minimum only");
        }
        vm.stopPrank();
    }

    function _sum(INodeStakingTypes.SlashTaken memory taken) private pure returns (uint256) {
        return _ofBond(taken) + taken.pool + taken.exitPrevious + taken.exitCurrent;
    }

    function _ofBond(INodeStakingTypes.SlashTaken memory taken) private pure returns (uint256) {
        return uint256(taken.bond) + taken.bondExitPrevious + taken.bondExitCurrent;
    }
}

/// @title NodeStakingInvariants
/// @notice What holds of `NodeStaking` whatever people do.
contract NodeStakingInvariants is FuzzTest, StdInvariant {
    StakingWorld private world;
    INodeStaking private staking;
    IDTelToken private token;

    function setUp() external {
        world = new StakingWorld();
        world.begin();
        staking = world.STAKING();
        token = world.TOKEN();
        targetContract(address(world));
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = StakingWorld.pass.selector;
        selectors[1] = StakingWorld.delegate.selector;
        selectors[2] = StakingWorld.undelegate.selector;
        selectors[3] = StakingWorld.withdraw.selector;
        selectors[4] = StakingWorld.credit.selector;
        selectors[5] = StakingWorld.bond.selector;
        selectors[6] = StakingWorld.unbond.selector;
        selectors[7] = StakingWorld.takeOwnersMoney.selector;
        selectors[8] = StakingWorld.slash.selector;
        selectors[9] = StakingWorld.endSlash.selector;
        selectors[10] = StakingWorld.restore.selector;
        selectors[11] = StakingWorld.sync.selector;
        selectors[12] = StakingWorld.burnPending.selector;
        targetSelector(FuzzSelector({addr: address(world), selectors: selectors}));
    }

    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_booksAndTokensAgree() external view {
        uint256 node = world.NODE();
        uint256 balance = token.balanceOf(address(staking));
        uint256 owed = world.owed() + world.ROUNDING_RESERVE();
        assertGe(balance, owed, "tokens for all that is owed");
        // More only by what slashes round down, three gwei and what each who leaves loses of one at most.
        if (!world.everReturned())
            assertLe(balance - owed, world.roundings() * 1_000e9, "and for nothing else");
        (uint256 worth, uint256 shares) = world.delegated();
        assertLe(worth, staking.assetsOf(node), "shares' worth");
        assertEq(staking.poolOf(node).shares, shares, "shares");
        (uint256 byPositions, uint256 byToken) = world.units();
        assertEq(byPositions, byToken, "units");
        assertEq(token.votelessStake(), balance - byToken, "what nobody votes with");
        uint256 epoch = world.currentEpoch();
        for (uint256 i = 0; i < 3; ++i) {
            uint256 asked = epoch + 1 - (epoch + 1 > i ? i : 0);
            assertEq(staking.stakeAt(node, asked), staking.totalStakeAt(asked), "stake");
            if (staking.stakeAt(node, asked) != 0)
                assertGe(
                    staking.stakeAt(node, asked),
                    staking.bondAt(node, asked),
                    "bond is part of the stake"
                );
        }
    }
}
