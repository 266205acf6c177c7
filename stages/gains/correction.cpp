// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/gains/correction.h>
#include <stages/gains/solution_match.h>

#include <map>
#include <vector>

namespace skymill::radio {

namespace {

/// Corrects rows that share one interval of the solutions.
class OneTerm {
 public:
  OneTerm(const SolutionMatch& match, std::size_t pols, bool weights)
      : match_(match), pols_(pols), weights_(weights) {}

  void set_interval(std::size_t interval) { inverse_ = match_.inverse_gains(interval); }

  /// Corrects a row. @return samples that it had to flag
  std::int64_t row(std::size_t row, Visibilities& rows) {
    const std::complex<float>* const gain1 = antenna(rows.antenna1[row]);
    const std::complex<float>* const gain2 = antenna(rows.antenna2[row]);
    std::int64_t flagged = 0;
    for (std::size_t k = 0; k < rows.ncorr; ++k) {
      const SolutionMatch::Pols pols = match_.correlations()[k];
      const bool solved = pols.first != SolutionMatch::kNone && pols.second != SolutionMatch::kNone;
      double growth = 0;
      std::size_t corrected = 0;
      for (std::size_t c = 0; c < rows.nchan; ++c) {
        const std::size_t place = (row * rows.nchan + c) * rows.ncorr + k;
        const std::complex<float> factor =
            solved ? gain1[c * pols_ + pols.first] * std::conj(gain2[c * pols_ + pols.second])
                   : std::complex<float>(0, 0);
        const float power = std::norm(factor);
        if (!(power > 0)) {
          if (rows.flag[place] == 0) ++flagged;
          rows.flag[place] = 1;
          continue;
        }
        rows.data[place] *= factor;
        if (!weights_) continue;
        growth += 1 / static_cast<double>(power);
        ++corrected;
        if (!rows.weight_spectrum.empty()) rows.weight_spectrum[place] /= power;
      }
      if (corrected == 0) continue;
      float& weight = rows.weight[row * rows.ncorr + k];
      weight = static_cast<float>(weight * (growth / static_cast<double>(corrected)));
    }
    return flagged;
  }

 private:
  const std::complex<float>* antenna(std::int32_t number) const {
    return &inverse_.at(static_cast<std::size_t>(number) * match_.channels() * pols_);
  }

  const SolutionMatch& match_;
  std::size_t pols_;
  bool weights_;
  std::vector<std::complex<float>> inverse_;
};

std::int64_t correct(const Solutions& solutions, bool weights, Visibilities& rows) {
  if (solutions.intervals.empty()) {
    throw Error(ErrorKind::input, "the solutions are empty, so there is nothing to apply");
  }
  const SolutionMatch match(solutions, *rows.header, rows.data_desc_id);
  // Rows by interval, so that only one interval's table is held at a time in any order of rows.
  std::map<std::size_t, std::vector<std::size_t>> rows_of;
  std::map<double, std::size_t> interval_of;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto [at, fresh] = interval_of.try_emplace(rows.time_s[row], 0);
    if (fresh) at->second = match.interval(rows.time_s[row]);
    rows_of[at->second].push_back(row);
  }
  OneTerm correction(match, solutions.pols.size(), weights);
  std::int64_t flagged = 0;
  for (const auto& [interval, members] : rows_of) {
    correction.set_interval(interval);
    for (const std::size_t row : members) flagged += correction.row(row, rows);
  }
  return flagged;
}

}  // namespace

Correction::Correction(const Calibration& calibration, CorrectionOptions options)
    : calibration_(calibration), options_(options) {}

std::int64_t Correction::operator()(Visibilities& rows) const {
  if (calibration_.terms.empty()) {
    throw Error(ErrorKind::input, "the calibration has no terms, so there is nothing to apply");
  }
  std::int64_t flagged = 0;
  for (const auto& term : calibration_.terms) flagged += correct(*term, options_.calwt, rows);
  return flagged;
}

}  // namespace skymill::radio
