// SPDX-License-Identifier: GPL-3.0-or-later
#include "access_plan.h"

#include <algorithm>

namespace skymill::radio {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMostCache = 256 * kMiB;
constexpr std::size_t kSlotsOfChunk = 100;

CacheProfile profile_for(AccessPattern pattern) {
  switch (pattern) {
    case AccessPattern::few_values:
      return CacheProfile::metadata;
    case AccessPattern::rows_onward:
      return CacheProfile::streaming;
    case AccessPattern::whole:
      return CacheProfile::standard;
    case AccessPattern::random:
      return CacheProfile::random;
  }
  return CacheProfile::standard;
}

std::size_t least_bytes(CacheProfile profile) {
  switch (profile) {
    case CacheProfile::metadata:
      return kMiB;
    case CacheProfile::standard:
      return 16 * kMiB;
    case CacheProfile::streaming:
      return 0;
    case CacheProfile::random:
      return 64 * kMiB;
  }
  return 0;
}

/// Bytes that one round of the access comes back to.
std::uint64_t stripe_bytes(const ChunkFacts& facts, AccessPattern pattern) {
  const std::uint64_t row = facts.chunks_of_row * facts.chunk_bytes;
  const std::uint64_t whole = facts.chunks * facts.chunk_bytes;
  switch (pattern) {
    case AccessPattern::few_values:
      return facts.chunk_bytes;
    case AccessPattern::rows_onward:
    case AccessPattern::whole:
      return row;
    case AccessPattern::random:
      return whole;
  }
  return row;
}

}  // namespace

const char* profile_name(CacheProfile profile) {
  switch (profile) {
    case CacheProfile::metadata:
      return "metadata";
    case CacheProfile::standard:
      return "standard";
    case CacheProfile::streaming:
      return "streaming";
    case CacheProfile::random:
      return "random";
  }
  return "standard";
}

std::size_t prime_from(std::size_t least) {
  const auto prime = [](std::size_t n) {
    for (std::size_t k = 3; k * k <= n; k += 2) {
      if (n % k == 0) return false;
    }
    return true;
  };
  std::size_t candidate = std::max<std::size_t>(3, least | 1U);
  while (!prime(candidate)) candidate += 2;
  return candidate;
}

AccessPlan cache_for(const ChunkFacts& facts, AccessPattern pattern) {
  AccessPlan plan;
  plan.profile = profile_for(pattern);
  const std::uint64_t least = least_bytes(plan.profile);
  const std::uint64_t stripe = stripe_bytes(facts, pattern);
  if (stripe > kMostCache) {
    // A part of a stripe is dropped before it is used again, so that only whole chunks count.
    plan.cache_bytes = std::max<std::size_t>(least, facts.chunk_bytes);
    plan.reason =
        "a stripe of " + std::to_string(stripe / kMiB) + " MiB is more than a cache holds";
  } else {
    plan.cache_bytes = std::max<std::size_t>(least, stripe);
    plan.reason = stripe > least ? "one stripe" : "more than one stripe";
  }
  const std::size_t chunk = std::max<std::size_t>(1, facts.chunk_bytes);
  const std::uint64_t held = std::clamp<std::uint64_t>(plan.cache_bytes / chunk, 1,
                                                       std::max<std::uint64_t>(1, facts.chunks));
  plan.cache_slots = prime_from(kSlotsOfChunk * held);
  return plan;
}

}  // namespace skymill::radio
