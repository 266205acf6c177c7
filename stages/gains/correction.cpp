// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/gains/antenna_match.h>
#include <stages/gains/correct_rows.h>
#include <stages/gains/correction.h>
#include <stages/gains/row_factors.h>
#include <stages/gains/solution_words.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace skymill::radio {

namespace {

// Chunks at work are of few moments: what is older is worked out again.
constexpr std::size_t kKeptMoments = 8;
constexpr std::size_t kKeptIntervals = 4;

/// The last few values, by key.
template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most) {}

  template <class Make>
  std::shared_ptr<const Value> get(const Key& key, const Make& make) {
    for (const auto& [known, value] : kept_) {
      if (known == key) return value;
    }
    std::shared_ptr<const Value> value = make();
    if (kept_.size() == most_) kept_.pop_front();
    kept_.emplace_back(key, value);
    return value;
  }

 private:
  std::size_t most_;
  std::deque<std::pair<Key, std::shared_ptr<const Value>>> kept_;
};

void require_usable(const Calibration& calibration) {
  if (calibration.terms.empty()) {
    throw Error(ErrorKind::input, "the calibration has no terms, so there is nothing to apply");
  }
  for (const auto& term : calibration.terms) {
    if (term->intervals.empty() || term->frequencies.empty() || term->pols.empty()) {
      throw Error(ErrorKind::input,
                  solution_words(*term) + " are empty, so there is nothing to apply");
    }
    if (term->name.find("NON_SCIENCE") == std::string::npos) continue;
    throw Error(ErrorKind::input,
                solution_words(*term) + " are marked NON_SCIENCE, so they correct nothing",
                "take others");
  }
}

bool is_strict(ApplyMode mode) {
  return mode == ApplyMode::calflagstrict || mode == ApplyMode::flagonlystrict ||
         mode == ApplyMode::calonly;
}

bool other_sense(const Solutions& solutions, const ObservationHeader& header) {
  const UvwSense solved = solutions.header ? solutions.header->uvw_sense : UvwSense::unknown;
  return solved != UvwSense::unknown && header.uvw_sense != UvwSense::unknown &&
         solved != header.uvw_sense;
}

bool conjugates(const Solutions& solutions, const ObservationHeader& header, Conjugate wanted) {
  if (wanted == Conjugate::yes) return true;
  if (!other_sense(solutions, header)) return false;
  if (wanted == Conjugate::automatic) return true;
  const auto sense = [](UvwSense of) {
    return of == UvwSense::one_minus_two ? "r(antenna1) - r(antenna2)"
                                         : "r(antenna2) - r(antenna1)";
  };
  throw Error(ErrorKind::input,
              solution_words(solutions) + " were solved with uvw = " +
                  sense(solutions.header->uvw_sense) + ", but '" + header.source + "' has " +
                  sense(header.uvw_sense) + ": their phases have the other sign",
              "give conjugate: auto to take them conjugate");
}

void require_window(const Solutions& solutions, const WindowMatch& window,
                    const ObservationHeader& header, int data_desc_id, ApplyMode mode) {
  if (!window.empty() || is_strict(mode)) return;
  const auto& description = header.data_descriptions.at(static_cast<std::size_t>(data_desc_id));
  throw Error(ErrorKind::input,
              solution_words(solutions) + " have none for window " +
                  std::to_string(description.spectral_window) + " of '" + header.source + "'",
              "say with spwmap which window to take, leave the window out when reading, or have "
              "it flagged with applymode: calflagstrict");
}

/// What one data description needs.
struct Description {
  CorrelationFeeds hands;
  std::size_t channels = 0;
  struct Term {
    TimeSeries series;
    TermGains gains;
    Recent<std::size_t, InverseGains> intervals{kKeptIntervals};
  };
  std::vector<Term> terms;
  std::vector<bool> calwt;
  Recent<std::vector<std::size_t>, RowFactors> spectra{kKeptIntervals};
  Recent<std::pair<double, std::int32_t>, RowFactors> moments{kKeptMoments};
  std::mutex mutex;  ///< of the above: whoever needs a moment waits until it is there
};

}  // namespace

struct Correction::Impl {
  Calibration calibration;
  CorrectionOptions options;
  std::vector<TermChoice> choices;
  std::mutex mutex;
  /// By the header's address, which the shared pointer keeps from being used again.
  std::map<std::pair<std::shared_ptr<const ObservationHeader>, int>, std::unique_ptr<Description>>
      descriptions;

  Description& description(const Visibilities& rows) {
    const std::lock_guard<std::mutex> lock(mutex);
    auto& found = descriptions[{rows.header, rows.data_desc_id}];
    if (found) return *found;
    auto made = std::make_unique<Description>();
    const ObservationHeader& header = *rows.header;
    made->hands = correlation_feeds(header, rows.data_desc_id);
    made->channels = rows.nchan;
    for (std::size_t k = 0; k < choices.size(); ++k) {
      const Solutions& solutions = *calibration.terms[k];
      const bool conjugate = conjugates(solutions, header, options.conjugate);
      auto antennas = match_antennas(solutions, header);
      WindowMatch window = match_window(solutions, choices[k], header, rows.data_desc_id);
      require_window(solutions, window, header, rows.data_desc_id, options.mode);
      TimeSeries series(solutions, window.cells, choices[k], options.limits);
      made->terms.push_back(
          {std::move(series), TermGains(solutions, choices[k], std::move(window),
                                        std::move(antennas), made->hands.feeds, conjugate)});
      made->calwt.push_back(choices[k].calwt);
    }
    found = std::move(made);
    return *found;
  }

  static std::shared_ptr<const RowFactors> factors(const Visibilities& rows, std::size_t row,
                                                   Description& of) {
    const double time_s = rows.time_s[row];
    const std::int32_t field = rows.field_id[row];
    const std::lock_guard<std::mutex> lock(of.mutex);
    return of.moments.get({time_s, field}, [&] { return made_factors(rows, row, of); });
  }

  /// Terms by channel change seldom, so what they make together is kept; the others scale it.
  static std::shared_ptr<const RowFactors> made_factors(const Visibilities& rows, std::size_t row,
                                                        Description& of) {
    std::vector<std::shared_ptr<const InverseGains>> spectral, flat;
    std::vector<bool> spectral_calwt, flat_calwt;
    std::vector<std::size_t> intervals;
    bool lasting = true;
    for (std::size_t t = 0; t < of.terms.size(); ++t) {
      Description::Term& term = of.terms[t];
      const Moment moment = term.series.at(rows.time_s[row], rows.field_id[row], *rows.header);
      const auto gains = [&] {
        return std::make_shared<const InverseGains>(term.gains.at(moment));
      };
      const bool on_one = moment.fraction == 0;
      if (term.gains.is_flat()) {
        flat.push_back(gains());
        flat_calwt.push_back(of.calwt[t]);
        continue;
      }
      spectral.push_back(on_one ? term.intervals.get(moment.lower, gains) : gains());
      spectral_calwt.push_back(of.calwt[t]);
      intervals.push_back(moment.lower);
      lasting = lasting && on_one;
    }
    const auto multiplied = [&] {
      return std::make_shared<const RowFactors>(row_factors(
          spectral, spectral_calwt, of.hands, rows.header->antennas.size(), of.channels));
    };
    const auto base = lasting ? of.spectra.get(intervals, multiplied) : multiplied();
    if (flat.empty()) return base;
    return std::make_shared<const RowFactors>(scaled_factors(*base, flat, flat_calwt, of.hands));
  }
};

Correction::Correction(const Calibration& calibration, CorrectionOptions options)
    : impl_(std::make_unique<Impl>()) {
  require_usable(calibration);
  impl_->calibration = calibration;
  impl_->choices = term_choices(options.terms, calibration);
  impl_->options = std::move(options);
}

Correction::~Correction() = default;
Correction::Correction(Correction&&) noexcept = default;
Correction& Correction::operator=(Correction&&) noexcept = default;

std::int64_t Correction::operator()(Visibilities& rows) const {
  if (rows.rows() == 0) return 0;
  Description& description = impl_->description(rows);
  const bool weighs = std::find(description.calwt.begin(), description.calwt.end(), true) !=
                      description.calwt.end();
  std::int64_t unsolved = 0;
  for (std::size_t first = 0; first < rows.rows();) {
    std::size_t end = first + 1;
    while (end < rows.rows() && rows.time_s[end] == rows.time_s[first] &&
           rows.field_id[end] == rows.field_id[first]) {
      ++end;
    }
    const auto factors = Impl::factors(rows, first, description);
    unsolved += correct_rows(*factors, impl_->options.mode, weighs, first, end - first, rows);
    first = end;
  }
  return unsolved;
}

std::size_t correction_bytes(std::size_t terms, std::size_t antennas, std::size_t channels,
                             std::size_t ncorr) {
  return (kKeptMoments + kKeptIntervals) * row_factors_bytes(antennas, channels, ncorr) +
         kKeptIntervals * terms * antennas * channels * 2 * sizeof(std::complex<float>);
}

}  // namespace skymill::radio
