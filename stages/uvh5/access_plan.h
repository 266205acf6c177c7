// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace skymill::radio {

/// In which order the rows of a data set are wanted.
enum class AccessPattern {
  few_values,   ///< some elements, such as the first and the last
  rows_onward,  ///< bands of rows, one after the other
  whole,        ///< everything at once
  random,       ///< rows anywhere, or the same rows more than once
};

/// Starting sizes of the library's chunk cache (dsa110.md 2.3); a data set may need more.
enum class CacheProfile {
  metadata,   ///< 1 MiB
  standard,   ///< 16 MiB
  streaming,  ///< one stripe: the chunks that one row crosses
  random,     ///< 64 MiB
};

const char* profile_name(CacheProfile profile);

/// How a data set is read, and why.
struct AccessPlan {
  bool direct = false;  ///< past the library; the cache below is then not used
  CacheProfile profile = CacheProfile::standard;
  std::size_t cache_bytes = 0;
  std::size_t cache_slots = 0;  ///< prime
  std::string reason;           ///< one clause
};

/// What decides about a cache.
struct ChunkFacts {
  std::size_t chunk_bytes = 0;      ///< without filters
  std::uint64_t chunks_of_row = 0;  ///< a stripe
  std::uint64_t chunks = 0;         ///< of the whole data set
};

/// The library's cache for a way of access (dsa110.md 6.4): bytes = chunks that a stripe crosses
/// before they are used again, times the bytes of a chunk; slots = a prime of at least 100 times
/// the chunks that these bytes hold. A stripe beyond 256 MiB is not held: reading in another order
/// is the remedy then.
AccessPlan cache_for(const ChunkFacts& facts, AccessPattern pattern);

/// The smallest prime that is not less.
std::size_t prime_from(std::size_t least);

}  // namespace skymill::radio
