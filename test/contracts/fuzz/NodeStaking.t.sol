// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {StdInvariant} from "forge-std/StdInvariant.sol";
import {INodeStaking} from "../../../contracts/staking/INodeStaking.sol";
import {IDTelToken} from "../../../contracts/token/IDTelToken.sol";

/// @title StakingWorld
/// @notice `NodeStaking` with the real token among random people. It stands in for registry and distributor, and the
/// invariants below are held against it after every random sequence of calls.
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
    /// @notice The node's owner, as the registry says.
    address public immutable OWNER = address(0xB055);

    constructor() {
        vm.warp(GENESIS);
        address staking = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        TOKEN = IDTelToken(
            _deploy("DTelToken", abi.encode(address(this), address(this), staking, block.timestamp))
        );
        STAKING = INodeStaking(
            _deploy(
                "NodeStaking",
                abi.encode(
                    address(this),
                    [address(TOKEN), address(this), address(this)],
                    [block.timestamp, EPOCH, 32],
                    [1_000e18, 10, PERIOD]
                )
            )
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
            assertEq(bytes4(reason), INodeStaking.ZeroAmount.selector, "leaving is refused for dust only");
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
        require(TOKEN.transfer(address(STAKING), amount));
        STAKING.creditIncome(NODE, epoch - epochsAgo, amount);
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

    // ----------------------------------------------------------------- books

    /// @notice The epoch that is running.
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - GENESIS) / EPOCH;
    }

    /// @notice What the contract owes, in wei.
    function owed() external view returns (uint256 total) {
        INodeStaking.Pool memory pool = STAKING.poolOf(NODE);
        INodeStaking.IncomeStream memory stream = STAKING.streamOf(NODE);
        total = uint256(pool.bond) + pool.assets + stream.streaming + stream.arriving + stream.vested;
        total = (total + stream.ownerIncome) * 1e9;
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
        byPositions = uint256(STAKING.poolOf(NODE).bond) * 1e9 + payableNow + waiting;
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
        STAKING.bond(NODE, amount);
        vm.stopPrank();
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
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = StakingWorld.pass.selector;
        selectors[1] = StakingWorld.delegate.selector;
        selectors[2] = StakingWorld.undelegate.selector;
        selectors[3] = StakingWorld.withdraw.selector;
        selectors[4] = StakingWorld.credit.selector;
        selectors[5] = StakingWorld.bond.selector;
        selectors[6] = StakingWorld.unbond.selector;
        selectors[7] = StakingWorld.takeOwnersMoney.selector;
        targetSelector(FuzzSelector({addr: address(world), selectors: selectors}));
    }

    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 100
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_booksAndTokensAgree() external view {
        uint256 node = world.NODE();
        assertEq(token.balanceOf(address(staking)), world.owed() + world.ROUNDING_RESERVE(), "tokens");
        (uint256 worth, uint256 shares) = world.delegated();
        assertLe(worth, staking.assetsOf(node), "shares' worth");
        assertEq(staking.poolOf(node).shares, shares, "shares");
        (uint256 byPositions, uint256 byToken) = world.units();
        assertEq(byPositions, byToken, "units");
        assertEq(token.totalStakedUnits(), byToken, "total units");
        assertLe(byToken, token.balanceOf(address(staking)), "units are backed");
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
