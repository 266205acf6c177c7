// SPDX-License-Identifier: GPL-3.0-or-later
#include <aoflagger.h>
#include <core/error.h>
#include <stages/aoflagger/strategy_search.h>
#include <stages/kernels/parallel_items.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cmath>
#include <complex>
#include <limits>
#include <utility>
#include <vector>

namespace skymill::radio {

namespace {

using aoflagger::TelescopeId;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
// Images of floats that a strategy holds for each that it is given, with its copies and masks.
constexpr std::size_t kImages = 16;

constexpr std::array<std::pair<const char*, TelescopeId>, 13> kTelescopes{
    {{"AARTFAAC", TelescopeId::AARTFAAC_TELESCOPE},
     {"APERTIF", TelescopeId::APERTIF_TELESCOPE},
     {"ARECIBO", TelescopeId::ARECIBO_TELESCOPE},
     {"ATCA", TelescopeId::ATCA_TELESCOPE},
     {"BIGHORNS", TelescopeId::BIGHORNS_TELESCOPE},
     {"EVLA", TelescopeId::JVLA_TELESCOPE},
     {"JVLA", TelescopeId::JVLA_TELESCOPE},
     {"VLA", TelescopeId::JVLA_TELESCOPE},
     {"LOFAR", TelescopeId::LOFAR_TELESCOPE},
     {"MWA", TelescopeId::MWA_TELESCOPE},
     {"NENUFAR", TelescopeId::NENUFAR_TELESCOPE},
     {"PARKES", TelescopeId::PARKES_TELESCOPE},
     {"WSRT", TelescopeId::WSRT_TELESCOPE}}};

/// The work on baselines of one shape, in one thread.
class StrategyRun {
 public:
  StrategyRun(const std::string& file, const kernels::BaselineShape& shape)
      : shape_(shape),
        strategy_(flagger_.LoadStrategyFile(file)),
        images_(flagger_.MakeImageSet(shape.times, shape.nchan, 2 * shape.ncorr)),
        mask_(flagger_.MakeFlagMask(shape.times, shape.nchan)) {}

  void operator()(const float* kept, std::uint8_t* found) {
    const std::size_t bytes = kernels::found_bytes(shape_.nchan);
    std::fill_n(found, shape_.times * bytes, 0);
    if (!load(kept)) return;
    for (std::size_t c = 0; c < shape_.nchan; ++c) {
      for (std::size_t t = 0; t < shape_.times; ++t) {
        mask_.Buffer()[c * mask_.HorizontalStride() + t] = missing(kept, t, c);
      }
    }
    const aoflagger::FlagMask result = strategy_.Run(images_, mask_);
    for (std::size_t t = 0; t < shape_.times; ++t) {
      for (std::size_t c = 0; c < shape_.nchan; ++c) {
        const bool here = result.Buffer()[c * result.HorizontalStride() + t];
        if (!here || mask_.Buffer()[c * mask_.HorizontalStride() + t]) continue;
        found[t * bytes + c / 8] |= static_cast<std::uint8_t>(1U << (c % 8));
      }
    }
  }

 private:
  const float* sample(const float* kept, std::size_t t, std::size_t corr, std::size_t c) const {
    return kept + 2 * ((t * shape_.nchan + c) * shape_.ncorr + corr);
  }

  bool missing(const float* kept, std::size_t t, std::size_t c) const {
    for (std::size_t k = 0; k < shape_.ncorr; ++k) {
      if (!std::isnan(sample(kept, t, k, c)[0])) return false;
    }
    return true;
  }

  /// Fills all images, those of a correlation that has no samples as of one that has; false when
  /// none has any.
  bool load(const float* kept) {
    std::size_t full = shape_.ncorr;
    std::vector<std::size_t> empty;
    for (std::size_t k = 0; k < shape_.ncorr; ++k) {
      if (load_correlation(kept, k)) {
        full = k;
      } else {
        empty.push_back(k);
      }
    }
    if (full == shape_.ncorr) return false;
    const std::size_t image = shape_.nchan * images_.HorizontalStride();
    for (const std::size_t k : empty) {
      for (std::size_t part = 0; part < 2; ++part) {
        std::copy_n(images_.ImageBuffer(2 * full + part), image, images_.ImageBuffer(2 * k + part));
      }
    }
    return true;
  }

  bool load_correlation(const float* kept, std::size_t corr) {
    std::size_t first = shape_.nchan;  // channel with a sample
    for (std::size_t c = 0; c < shape_.nchan; ++c) {
      if (load_channel(kept, corr, c)) {
        first = std::min(first, c);
      } else if (first < shape_.nchan) {
        copy_channel(corr, c - 1, c);
      }
    }
    if (first == shape_.nchan) return false;
    for (std::size_t c = 0; c < first; ++c) copy_channel(corr, first, c);
    return true;
  }

  bool load_channel(const float* kept, std::size_t corr, std::size_t c) {
    const float* last = nullptr;
    for (std::size_t t = 0; t < shape_.times && last == nullptr; ++t) {
      const float* const here = sample(kept, t, corr, c);
      if (!std::isnan(here[0])) last = here;
    }
    if (last == nullptr) return false;
    for (std::size_t t = 0; t < shape_.times; ++t) {
      const float* const here = sample(kept, t, corr, c);
      if (!std::isnan(here[0])) last = here;
      row(2 * corr, c)[t] = last[0];
      row(2 * corr + 1, c)[t] = last[1];
    }
    return true;
  }

  void copy_channel(std::size_t corr, std::size_t from, std::size_t to) {
    for (std::size_t part = 2 * corr; part < 2 * corr + 2; ++part) {
      std::copy_n(row(part, from), shape_.times, row(part, to));
    }
  }

  float* row(std::size_t image, std::size_t c) {
    return images_.ImageBuffer(image) + c * images_.HorizontalStride();
  }

  kernels::BaselineShape shape_;
  aoflagger::AOFlagger flagger_;
  aoflagger::Strategy strategy_;
  aoflagger::ImageSet images_;
  aoflagger::FlagMask mask_;
};

}  // namespace

std::string strategy_of_telescope(const std::string& telescope) {
  std::string name = telescope;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  const auto* const known = std::find_if(kTelescopes.begin(), kTelescopes.end(),
                                         [&](const auto& one) { return name == one.first; });
  const auto id = known == kTelescopes.end() ? TelescopeId::GENERIC_TELESCOPE : known->second;
  std::string file = aoflagger::AOFlagger().FindStrategyFile(id);
  if (file.empty()) {
    throw Error(ErrorKind::failed, "AOFlagger's strategies are not installed",
                "install Debian's package aoflagger, or name a strategy");
  }
  return file;
}

StrategySearch::StrategySearch(std::string file) : file_(std::move(file)) {
  try {
    aoflagger::AOFlagger().LoadStrategyFile(file_);
  } catch (const std::exception& fault) {
    throw Error(ErrorKind::description,
                "AOFlagger cannot read the strategy '" + file_ + "': " + fault.what(),
                "name a file in Lua for AOFlagger 3");
  }
}

void StrategySearch::keep(const Visibilities& rows, std::size_t row, float* out) const {
  const std::size_t cells = rows.nchan * rows.ncorr;
  for (std::size_t k = 0; k < cells; ++k) {
    const std::complex<float> value = rows.data[row * cells + k];
    const bool good = rows.flag[row * cells + k] == 0 && std::isfinite(value.real()) &&
                      std::isfinite(value.imag());
    out[2 * k] = good ? value.real() : kNan;
    out[2 * k + 1] = good ? value.imag() : kNan;
  }
}

void StrategySearch::look(const std::vector<const float*>& kept,
                          const kernels::BaselineShape& shape, std::size_t threads,
                          const std::vector<std::uint8_t*>& found) const {
  if (shape.cells() == 0) return;
  std::atomic<std::size_t> next{0};
  // A strategy belongs to one thread.
  const std::size_t workers = std::min(std::max<std::size_t>(1, threads), kept.size());
  try {
    kernels::parallel_items(workers, workers, [&](std::size_t) {
      StrategyRun run(file_, shape);
      for (std::size_t k = next++; k < kept.size(); k = next++) run(kept[k], found[k]);
    });
  } catch (const Error&) {
    throw;
  } catch (const std::exception& fault) {
    throw Error(ErrorKind::failed, "the strategy '" + file_ + "' failed: " + fault.what(),
                "it may need data or settings that only the program aoflagger has");
  }
}

std::size_t StrategySearch::scratch(const kernels::BaselineShape& shape) const {
  return kImages * 2 * shape.cells() * sizeof(float);
}

}  // namespace skymill::radio
