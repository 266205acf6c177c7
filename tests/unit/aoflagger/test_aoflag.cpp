// SPDX-License-Identifier: GPL-3.0-or-later
#include <aoflagger.h>
#include <core/error.h>
#include <stages/aoflagger/aoflag_stage.h>
#include <stages/aoflagger/strategy_search.h>
#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../stages/small_observation.h"

using namespace skymill;
using namespace skymill::radio;
using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kTimes = 60, kChannels = 128, kBurst = 30, kCarrier = 20;

bool disturbed(std::size_t step, std::size_t c) {
  return c == kCarrier || (step == kBurst && c >= 40);
}

std::size_t step_of(const SmallObservation& all, std::size_t row) {
  return static_cast<std::size_t>((all.rows.time_s[row] - all.rows.time_s.front()) / 10 + 0.5);
}

/// Ten baselines with a carrier and a burst of fifteen times the noise of a part.
SmallObservation observation() {
  SimulateParams params;
  params.antennas = 5;
  params.times = kTimes;
  params.interval = 10;
  params.nchan = kChannels;
  params.noise = 0.5;
  params.sources = {"0arcsec 0arcsec 3Jy"};
  SmallObservation all = small_observation(params);
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      if (!disturbed(step_of(all, row), c)) continue;
      for (std::size_t k = 0; k < 2; ++k) {
        all.rows.data[(row * kChannels + c) * 2 + k] += std::complex<float>(0, 7.5F);
      }
    }
  }
  return all;
}

/// [row][chan]: what the stage finds.
std::vector<std::uint8_t> found(const AoFlagParams& params, const SmallObservation& all,
                                std::size_t chunk_rows = 1000, int threads = 1) {
  FoundFlags flags;
  testing::run_stage<AoFlag>(params, in_chunks(all.rows, chunk_rows), visibility_spec(all.header),
                             [&](const Chunk<FoundFlags>& chunk) { flags = *chunk; },
                             {threads, std::size_t{1} << 28});
  std::vector<std::uint8_t> result, bits(kernels::found_bytes(kChannels));
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    const auto place = flags.place_of(all.rows, row);
    REQUIRE(place);
    flags.bits->read(*place, bits.size(), bits.data());
    for (std::size_t c = 0; c < kChannels; ++c) result.push_back(bits[c / 8] >> (c % 8) & 1);
  }
  return result;
}

struct Shares {
  double found = 0, wrong = 0;
};
Shares shares(const SmallObservation& all, const std::vector<std::uint8_t>& flag) {
  double bad = 0, good = 0;
  Shares result;
  for (std::size_t k = 0; k < flag.size(); ++k) {
    const bool here = disturbed(step_of(all, k / kChannels), k % kChannels);
    (here ? bad : good) += 1;
    (here ? result.found : result.wrong) += flag[k];
  }
  return {result.found / bad, result.wrong / good};
}

/// A file with a strategy, for one test.
class StrategyFile {
 public:
  explicit StrategyFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "strategy_XXXXXX").string();
    std::FILE* const file = fdopen(mkstemp(name.data()), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
    path_ = name;
  }
  ~StrategyFile() { std::filesystem::remove(path_); }
  StrategyFile(const StrategyFile&) = delete;
  StrategyFile& operator=(const StrategyFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

AoFlagParams with_strategy(const std::string& path) {
  AoFlagParams params;
  params.strategy = path;
  return params;
}

}  // namespace

TEST_CASE("the stage describes itself fully") {
  Registry registry;
  registry.add<AoFlag>("aoflag");
  const auto faults = testing::description_faults(*registry.find("aoflag"));
  CAPTURE(faults);
  CHECK(faults.empty());
  CHECK(AoFlag::schema().complete());
}

TEST_CASE("injected interference is found, whatever the chunks and threads are") {
  const SmallObservation all = observation();
  const auto flag = found({}, all);
  const Shares share = shares(all, flag);
  CHECK(share.found > 0.99);
  CHECK(share.wrong < 0.03);
  CHECK(found({}, all, 7, 3) == flag);
  AoFlagParams params;
  params.window = 20;
  CHECK(found(params, all, 33, 2) == found(params, all));
}

TEST_CASE("a baseline is flagged as by the library itself") {
  const SmallObservation all = observation();
  const auto flag = found({}, all);
  aoflagger::AOFlagger flagger;
  auto strategy = flagger.LoadStrategyFile(flagger.FindStrategyFile());
  auto images = flagger.MakeImageSet(kTimes, kChannels, 4);
  const auto each_row = [&](const auto& visit) {
    for (std::size_t row = 0; row < all.rows.rows(); ++row) {
      if (all.rows.antenna1[row] == all.rows.antenna1[0] &&
          all.rows.antenna2[row] == all.rows.antenna2[0]) {
        visit(row, step_of(all, row));
      }
    }
  };
  each_row([&](std::size_t row, std::size_t t) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t k = 0; k < 2; ++k) {
        const auto value = all.rows.data[(row * kChannels + c) * 2 + k];
        images.ImageBuffer(2 * k)[c * images.HorizontalStride() + t] = value.real();
        images.ImageBuffer(2 * k + 1)[c * images.HorizontalStride() + t] = value.imag();
      }
    }
  });
  const auto mask = strategy.Run(images);
  std::size_t different = 0;
  each_row([&](std::size_t row, std::size_t t) {
    for (std::size_t c = 0; c < kChannels; ++c) {
      const bool theirs = mask.Buffer()[c * mask.HorizontalStride() + t];
      different += theirs == (flag[row * kChannels + c] != 0) ? 0 : 1;
    }
  });
  CHECK(different == 0);
}

TEST_CASE("what was flagged counts for nothing, and is not found again") {
  SmallObservation all = observation();
  const auto before = found({}, all);
  // Rubbish under flags: a channel, a stretch of one, a correlation of a baseline, no numbers.
  for (std::size_t row = 0; row < all.rows.rows(); ++row) {
    const std::size_t t = step_of(all, row);
    for (std::size_t c = 0; c < kChannels; ++c) {
      for (std::size_t k = 0; k < 2; ++k) {
        const bool lost = c == kCarrier || c == 0 || (c == 100 && t < 40) ||
                          (k == 1 && all.rows.antenna1[row] == all.rows.antenna1[0] &&
                           all.rows.antenna2[row] == all.rows.antenna2[0]);
        if (!lost) continue;
        const std::size_t place = (row * kChannels + c) * 2 + k;
        all.rows.data[place] =
            t % 2 == 0 ? std::complex<float>(1e6F, 3e5F) : std::complex<float>(NAN, 0);
        all.rows.flag[place] = 1;
      }
    }
  }
  const auto flag = found({}, all);
  std::size_t burst = 0, wrong = 0;
  for (std::size_t k = 0; k < flag.size(); ++k) {
    const std::size_t t = step_of(all, k / kChannels), c = k % kChannels;
    if (c == kCarrier || c == 0) REQUIRE(flag[k] == 0);
    if (t == kBurst && c >= 40) {
      burst += flag[k];
    } else {
      wrong += flag[k];
    }
  }
  CHECK(burst >= 10 * (kChannels - 40) * 98 / 100);
  CHECK(static_cast<double>(wrong) < 0.03 * static_cast<double>(flag.size()));
  // Nothing is left of any.
  std::fill(all.rows.flag.begin(), all.rows.flag.end(), 1);
  const auto none = found({}, all);
  CHECK(std::count(none.begin(), none.end(), 1) == 0);
}

TEST_CASE("the strategy is the user's") {
  const SmallObservation all = observation();
  const StrategyFile nothing("function execute(input) end\n");
  const auto flag = found(with_strategy(nothing.path()), all);
  CHECK(std::count(flag.begin(), flag.end(), 1) == 0);
}

TEST_CASE("telescopes have their strategies") {
  CHECK_THAT(strategy_of_telescope("WSRT"), Contains("wsrt-default"));
  CHECK_THAT(strategy_of_telescope("EVLA"), Contains("jvla-default"));
  CHECK_THAT(strategy_of_telescope("NenuFAR"), Contains("nenufar-default"));
  CHECK_THAT(strategy_of_telescope("DSA-110"), Contains("generic-default"));
}

TEST_CASE("what is no strategy, and correlations that AOFlagger does not take, are errors") {
  SmallObservation all = observation();
  CHECK_THROWS_WITH(found(with_strategy("/nonexistent.lua"), all), Contains("/nonexistent.lua"));
  const StrategyFile broken("function execute(input\n");
  CHECK_THROWS_WITH(found(with_strategy(broken.path()), all), Contains(broken.path()));
  const StrategyFile failing("function execute(input) error('no luck') end\n");
  CHECK_THROWS_WITH(found(with_strategy(failing.path()), all),
                    Contains(failing.path()) && Contains("no luck"));
  auto header = std::make_shared<ObservationHeader>(*all.header);
  header->data_descriptions.at(0).corr_types = {9, 10, 12};
  all.header = header;
  CHECK_THROWS_WITH(found({}, all), Contains("3 correlations"));
}
