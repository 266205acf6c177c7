// SPDX-License-Identifier: GPL-3.0-or-later
// What tests/consumer/clip.cpp does, with standard headers only: what header_cost.py compares with.
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clip {

struct Visibilities {
  std::vector<double> time_s;
  std::vector<double> uvw_m;
  std::vector<std::complex<float>> data;
  std::vector<std::uint8_t> flag;
  std::vector<float> weight;
};

using Value = std::variant<bool, std::int64_t, double, std::string>;

struct Field {
  std::string name;
  std::string doc;
  std::optional<double> min, max;
  std::function<void(void*, const Value&)> set;
};

struct ClipParams {
  double nsigma = 5;
};

class Clip {
 public:
  explicit Clip(ClipParams params) : params_(std::move(params)) {}
  static std::vector<Field> fields();
  static std::vector<std::string> columns() { return {"data", "flag"}; }
  std::unique_ptr<Visibilities> operator()(std::unique_ptr<Visibilities> chunk,
                                           std::map<std::string, std::int64_t>& counters) const;

 private:
  ClipParams params_;
};

namespace {

/// The middle value; of an even number, the upper of the two in the middle.
float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The amplitude above which a visibility is flagged; infinite where there is no scatter.
float clip_level(std::vector<float>& amplitudes, double nsigma) {
  if (amplitudes.empty()) return INFINITY;
  const float centre = median(amplitudes);
  for (float& amplitude : amplitudes) amplitude = std::abs(amplitude - centre);
  const double scatter = 1.4826 * median(amplitudes);
  return scatter > 0 ? static_cast<float>(centre + nsigma * scatter) : INFINITY;
}

}  // namespace

std::vector<Field> Clip::fields() {
  return {{"nsigma", "Flag above this many times the scatter", 0.5, 1000,
           [](void* params, const Value& value) {
             static_cast<ClipParams*>(params)->nsigma = std::get<double>(value);
           }}};
}

std::unique_ptr<Visibilities> Clip::operator()(
    std::unique_ptr<Visibilities> chunk, std::map<std::string, std::int64_t>& counters) const {
  const auto& data = chunk->data;
  auto& flag = chunk->flag;
  std::vector<float> amplitudes;
  amplitudes.reserve(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    const float amplitude = std::abs(data[i]);
    if (!flag[i] && std::isfinite(amplitude)) amplitudes.push_back(amplitude);
  }
  const float level = clip_level(amplitudes, params_.nsigma);
  std::int64_t flagged = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const float amplitude = std::abs(data[i]);
    if (flag[i] || (std::isfinite(amplitude) && amplitude <= level)) continue;
    flag[i] = 1;
    ++flagged;
  }
  counters["visibilities"] += static_cast<std::int64_t>(data.size());
  counters["flagged"] += flagged;
  return chunk;
}

}  // namespace clip

extern "C" void clip_register(
    std::map<std::string, std::function<std::shared_ptr<clip::Clip>(clip::ClipParams)>>& registry) {
  registry["clip"] = [](clip::ClipParams params) { return std::make_shared<clip::Clip>(params); };
}
