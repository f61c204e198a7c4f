/*
 * The part of ankerl::unordered_dense that mediasoup-worker uses (a map, a set and a hash), on the standard
 * library's containers: Debian 12 has no package of it.
 */
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace ankerl::unordered_dense
{
	template<typename T>
	struct hash : std::hash<T>
	{
	};

	/*
	 * std::hash of an integer is the integer itself, and the worker makes keys of addresses and ports by
	 * combining hashes, which needs the bits spread (Fibonacci hashing).
	 */
	template<std::integral T>
	struct hash<T>
	{
		uint64_t operator()(T value) const noexcept
		{
			const uint64_t product = static_cast<uint64_t>(value) * 0x9E3779B97F4A7C15ULL;

			return product ^ (product >> 32);
		}
	};

	template<typename Key, typename Value, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using map = std::unordered_map<Key, Value, Hash, Equal>;

	template<typename Key, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using set = std::unordered_set<Key, Hash, Equal>;
} // namespace ankerl::unordered_dense
