// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/access_plan.h>
#include <stages/uvh5/dataset_reader.h>
#include <catch2/catch.hpp>

#include "hdf5_fixture.h"
#include "uvh5_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
/// visdata of the DSA-110 as its correlator writes it, and as one chunk an integration.
const ChunkFacts kWriter{12288, 8, 6984};
const ChunkFacts kSeed{3575808, 1, 24};

bool is_prime(std::size_t n) {
  for (std::size_t k = 2; k * k <= n; ++k) {
    if (n % k == 0) return false;
  }
  return n > 1;
}

}  // namespace

TEST_CASE("a cache holds a stripe and has a hundred slots a chunk") {
  const AccessPlan onward = cache_for(kWriter, AccessPattern::rows_onward);
  CHECK(onward.profile == CacheProfile::streaming);
  CHECK(onward.cache_bytes == 8 * 12288);
  CHECK(onward.cache_slots == 809);  // the prime after 800
  CHECK(cache_for(kSeed, AccessPattern::rows_onward).cache_bytes == 3575808);
  CHECK(cache_for(kWriter, AccessPattern::few_values).cache_bytes == kMiB);
  CHECK(cache_for(kSeed, AccessPattern::few_values).cache_bytes == 3575808);
  CHECK(cache_for(kWriter, AccessPattern::whole).cache_bytes == 16 * kMiB);
  // All of it is used again: 82 MiB are more than the profile's 64.
  const AccessPlan random = cache_for(kWriter, AccessPattern::random);
  CHECK(random.profile == CacheProfile::random);
  CHECK(random.cache_bytes == 6984 * 12288);
  CHECK(random.cache_slots >= 698400);
  for (const auto pattern : {AccessPattern::few_values, AccessPattern::rows_onward,
                             AccessPattern::whole, AccessPattern::random}) {
    CHECK(is_prime(cache_for(kWriter, pattern).cache_slots));
    CHECK(is_prime(cache_for(kSeed, pattern).cache_slots));
  }
}

TEST_CASE("a stripe beyond any cache is not held, and this is said") {
  const AccessPlan plan = cache_for({kMiB, 1000, 5000}, AccessPattern::rows_onward);
  CHECK(plan.cache_bytes == kMiB);
  CHECK_THAT(plan.reason, Contains("1000 MiB"));
}

TEST_CASE("the cache is set for the data set, and read back") {
  const Scratch scratch{"/tmp", "test"};
  const std::string path = scratch.path() + "/made.h5";
  MadeDataset made{{400, 1, 48, 2}, {50, 1, 48, 2}, {}};
  made.latest = true;
  make_file(path, made);
  const auto file = hdf5::OpenFile::open(path);
  {
    const hdf5::DatasetReader reader(file, "cells", hdf5::CellType::complex_float);
    CHECK_FALSE(reader.plan().direct);
    CHECK_THAT(reader.plan().reason, Contains("layout version 4") && Contains("one stripe"));
    CHECK(reader.plan().cache_bytes == 50 * 48 * 2 * 8);
    CHECK(reader.plan().cache_slots == 101);
  }
  const hdf5::Handle opened_before = file.file.dataset("cells");
  const hdf5::DatasetReader reader(file, "cells", hdf5::CellType::complex_float);
  CHECK(reader.plan().cache_bytes == kMiB);  // the default of HDF5 1.10
  CHECK_THAT(reader.plan().reason, Contains("opened it before"));
}
