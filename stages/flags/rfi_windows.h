// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>
#include <stages/flags/found_flags.h>
#include <stages/flags/window_search.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace skymill::radio {

/// How rows are put together before interference is looked for.
struct RfiWindowParams {
  std::shared_ptr<const WindowSearch> search;
  std::size_t window = 0;  ///< integrations; see integrations_of
  bool autocorrelations = false;
  double of_baselines = 1;  ///< what a larger share of them has is flagged on all; 1 = none
};

/// Integrations of a window of one data description: what the parameters say or, without, as many
/// as hold half a GiB of floats, 32 to 256. A matter of the header alone, so that neither
/// chunks nor memory nor threads decide where a window ends.
std::size_t integrations_of(const RfiWindowParams& params, const ObservationHeader& header,
                            std::size_t description);

/// Collects what a search keeps of rows until a window of integrations is complete, and has it
/// looked at, each baseline on its own; what shows on many of them is then taken to be on all,
/// because a transmitter that is weaker than a calibrator may add to its amplitude or not.
///
/// Windows count integrations from the beginning of a scan and of a field (which data that drift
/// do not have); one has half more before its first part is looked at, so that none but a scan of
/// its own is shorter than half.
class RfiWindows {
 public:
  /// @param found  outlives this; its bits and windows are added to
  RfiWindows(const RfiWindowParams& params, std::shared_ptr<const ObservationHeader> header,
             std::size_t threads, FoundFlags& found);

  /// Adds rows; those of a data description must come in the order of their times.
  /// @throws Error (input) when they do not
  void add(const Visibilities& rows);
  /// Looks at what is left.
  void finish();

  std::int64_t samples() const { return samples_; }
  std::int64_t found() const { return found_count_; }
  std::int64_t windows() const { return windows_; }

  /// Bytes held at most.
  static std::size_t bytes(const RfiWindowParams& params, const ObservationHeader& header,
                           std::size_t threads);
  /// Bytes of the file of bits.
  static std::size_t file_bytes(const ObservationHeader& header);

 private:
  struct Open {
    std::int32_t scan = 0, field = 0;
    std::size_t nchan = 0, ncorr = 0;
    std::vector<double> time_s;
    std::map<std::uint64_t, std::vector<float>> kept;  ///< by pair_key, [time]
  };

  std::size_t step_of(const Visibilities& rows, std::size_t row, Open& open);
  void note_scan(const Visibilities& rows, std::size_t row);
  void look(std::size_t description, std::size_t integrations);

  RfiWindowParams params_;
  std::shared_ptr<const ObservationHeader> header_;
  std::size_t threads_;
  FoundFlags& result_;
  std::vector<Open> open_;  ///< by data description
  std::int64_t samples_ = 0;
  std::int64_t found_count_ = 0;
  std::int64_t windows_ = 0;
};

}  // namespace skymill::radio
