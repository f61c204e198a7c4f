// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FuzzTest} from "./FuzzTest.sol";
import {ReceiptTree} from "../../../contracts/service/ReceiptTree.sol";
import {PathNode} from "../../../contracts/service/ServiceTypes.sol";
import {ReceiptTreeHarness} from "../harness/ReceiptTreeHarness.sol";

/// @title ReceiptTreeTest
/// @notice Every leaf of a random honest tree opens with the right prefix, and nothing that was changed does.
contract ReceiptTreeTest is FuzzTest {
    struct Leaf {
        address key;
        uint64 bytesDelivered;
        uint16 quality;
    }

    struct SubTree {
        bytes32 hash;
        uint64 bytesDelivered;
        address smallestKey;
    }

    ReceiptTreeHarness private immutable HARNESS = new ReceiptTreeHarness();

    function testFuzz_everyLeafOpensWithItsPrefix(uint256 seed) external view {
        Leaf[] memory leaves = _leaves(seed);
        (bytes32 root, uint64 total) = _root(leaves);
        uint64 prefix;
        for (uint256 i = 0; i < leaves.length; ++i) {
            assertEq(_verify(root, total, leaves[i], _path(leaves, i)), prefix, "prefix");
            prefix += leaves[i].bytesDelivered;
        }
        assertEq(prefix, total, "total");
    }

    function testFuzz_noChangedLeafOpens(uint256 seed, uint256 index, uint8 what, uint64 by) external {
        Leaf[] memory leaves = _leaves(seed);
        (bytes32 root, uint64 total) = _root(leaves);
        Leaf memory leaf = leaves[index % leaves.length];
        PathNode[] memory path = _path(leaves, index % leaves.length);
        vm.assume(by != 0);
        if (what % 3 == 0) {
            unchecked {
                leaf.bytesDelivered += by;
            }
        } else if (what % 3 == 1) {
            leaf.quality ^= uint16((by % type(uint16).max) + 1);
        } else {
            leaf.key = address(uint160(leaf.key) ^ uint160(by));
        }
        vm.expectRevert();
        _verify(root, total, leaf, path);
    }

    function testFuzz_noChangedPathOpens(uint256 seed, uint256 index, uint256 step, uint8 bit) external {
        Leaf[] memory leaves = _leaves(seed);
        vm.assume(leaves.length > 1);
        (bytes32 root, uint64 total) = _root(leaves);
        index %= leaves.length;
        PathNode[] memory path = _path(leaves, index);
        // In a tree that is not full, the last leaf may be the root's own child.
        step %= path.length;
        if (seed % 2 == 0) path[step].step ^= 1 << bit;
        else path[step].siblingHash ^= bytes32(uint256(1) << bit);
        vm.expectRevert();
        _verify(root, total, leaves[index], path);
    }

    function testFuzz_noShorterOrLongerPathOpens(uint256 seed, uint256 index, bool longer) external {
        Leaf[] memory leaves = _leaves(seed);
        (bytes32 root, uint64 total) = _root(leaves);
        index %= leaves.length;
        PathNode[] memory path = _path(leaves, index);
        vm.assume(longer || path.length > 0);
        PathNode[] memory changed = new PathNode[](longer ? path.length + 1 : path.length - 1);
        for (uint256 i = 0; i < changed.length; ++i) {
            changed[i] =
                i < path.length ? path[i] : PathNode(root, uint256(uint160(leaves[index].key)) << 64);
        }
        vm.expectRevert();
        _verify(root, total, leaves[index], changed);
    }

    function testFuzz_noLeafOpensTwice(uint256 seed, uint256 index) external {
        Leaf[] memory leaves = _leaves(seed);
        index %= leaves.length;
        // The same session once more, beside itself: whichever separator the node chooses, one of the two is on the
        // wrong side of it.
        Leaf memory leaf = leaves[index];
        bytes32 half = ReceiptTree.hashLeaf(leaf.key, leaf.bytesDelivered, leaf.quality);
        address separator = seed % 2 == 0 ? leaf.key : address(uint160(seed));
        bytes32 root = ReceiptTree.hashInner(half, leaf.bytesDelivered, half, leaf.bytesDelivered, separator);
        PathNode[] memory path = new PathNode[](1);
        bool opensLeft = leaf.key < separator;
        path[0] = PathNode(half, _step(opensLeft, separator, leaf.bytesDelivered));
        vm.expectRevert();
        _verify(root, uint256(leaf.bytesDelivered) * 2, leaf, path);
    }

    /// @dev 1 to 33 leaves in the order of their keys; sums far below 64 bits.
    function _leaves(uint256 seed) private pure returns (Leaf[] memory leaves) {
        leaves = new Leaf[](1 + (seed % 33));
        uint256 key;
        for (uint256 i = 0; i < leaves.length; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // Neighbouring keys and far ones.
            key += 1 + (random % 4 == 0 ? 0 : (random >> 8) % (1 << 150));
            leaves[i] = Leaf(
                address(uint160(key)),
                uint64(1 + ((random >> 160) % (1 << 40))),
                uint16((random >> 240) % 10_001)
            );
        }
    }

    function _root(Leaf[] memory leaves) private pure returns (bytes32, uint64) {
        SubTree[] memory level = _bottom(leaves);
        while (level.length > 1) level = _parents(level);
        return (level[0].hash, level[0].bytesDelivered);
    }

    function _path(Leaf[] memory leaves, uint256 index) private pure returns (PathNode[] memory path) {
        SubTree[] memory level = _bottom(leaves);
        PathNode[] memory steps = new PathNode[](16);
        uint256 length;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) {
                bool isLeft = sibling < index;
                address separator = isLeft ? level[index].smallestKey : level[sibling].smallestKey;
                steps[length++] = PathNode(
                    level[sibling].hash,
                    _step(isLeft, separator, level[sibling].bytesDelivered)
                );
            }
            level = _parents(level);
            index /= 2;
        }
        path = new PathNode[](length);
        for (uint256 i = 0; i < length; ++i) path[i] = steps[i];
    }

    function _bottom(Leaf[] memory leaves) private pure returns (SubTree[] memory level) {
        level = new SubTree[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i] = SubTree(
                keccak256(
                    abi.encodePacked(uint8(0), leaves[i].key, leaves[i].bytesDelivered, leaves[i].quality)
                ),
                leaves[i].bytesDelivered,
                leaves[i].key
            );
        }
    }

    function _parents(SubTree[] memory level) private pure returns (SubTree[] memory parents) {
        parents = new SubTree[]((level.length + 1) / 2);
        for (uint256 i = 0; i < parents.length; ++i) {
            if (2 * i + 1 == level.length) {
                parents[i] = level[2 * i];
                continue;
            }
            SubTree memory left = level[2 * i];
            SubTree memory right = level[2 * i + 1];
            // Written out here: the library's own hash is what is tested.
            parents[i] = SubTree(
                keccak256(
                    abi.encodePacked(
                        uint8(1),
                        left.hash,
                        left.bytesDelivered,
                        right.hash,
                        right.bytesDelivered,
                        right.smallestKey
                    )
                ),
                left.bytesDelivered + right.bytesDelivered,
                left.smallestKey
            );
        }
    }

    function _step(
        bool siblingIsLeft,
        address separator,
        uint64 siblingBytes
    ) private pure returns (uint256) {
        return (siblingIsLeft ? 1 << 255 : 0) | (uint256(uint160(separator)) << 64) | siblingBytes;
    }

    function _verify(
        bytes32 root,
        uint256 total,
        Leaf memory leaf,
        PathNode[] memory path
    ) private view returns (uint64) {
        return HARNESS.verify(root, total, leaf.key, leaf.bytesDelivered, leaf.quality, path);
    }
}
