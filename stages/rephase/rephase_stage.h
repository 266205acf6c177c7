// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/params.h>
#include <core/stage.h>
#include <stages/data/visibilities.h>
#include <stages/geometry/earth_orientation.h>
#include <stages/geometry/sky_frame.h>
#include <stages/geometry/sky_frames.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio {

class TurnRows;

struct RephaseParams {
  std::string to = "meridian";
  std::string calibrators;
  std::string uvw = "derivative";
  std::string eop;
  bool allow_stale_eop = false;
};

/// Turns visibilities to one phase centre for the whole observation, and computes their uvw anew
/// from the antennas' positions (calibration.md 6.3).
///
/// Data are multiplied by exp(-2 pi i (w_new - w_old) nu/c). w_old is that of the frame in which
/// they come: of each row's field (`tracked`), of hour angle 0 at the pointing's declination
/// (`meridian`, fixed to the Earth), or 0 (`unprojected`: no delay was ever taken out, whatever
/// the stored w is).
///
/// Rows of tracked and meridian data whose stored uvw point the other way (second antenna minus
/// first, data conjugated) keep doing so; unprojected data must be in our convention, because what
/// is stored as their uvw differs between writers. Stored uvw that differ from the geometry by more
/// than 5 % of a baseline degrade the run; those that point elsewhere altogether are refused. So do
/// dates that the table of Earth orientation lacks, if these are allowed, or only predicts badly.
class Rephase final : public Transform<Visibilities, Visibilities> {
 public:
  using Params = RephaseParams;
  static Schema<RephaseParams> schema();
  static Ports ports();

  explicit Rephase(RephaseParams params) : params_(std::move(params)) {}

  void plan(Planning& planning) override;
  /// @throws Error (input) when the table of Earth orientation lacks a date, or when stored uvw
  ///         contradict the antennas' positions
  Chunk<Visibilities> operator()(Chunk<Visibilities> chunk,
                                 const PipelineContext& ctx) const override;

 private:
  StalePolicy policy() const;
  Field new_field(const ObservationHeader& header) const;
  /// Of the calibrator that `to` names; nothing when it names none.
  std::optional<Field> calibrator_field(const ObservationHeader& header) const;
  UvwAxes old_axes(const SkyFrame& frame, std::size_t field) const;
  /// Gives how far stored uvw were from the geometry at most, as a share of the baseline.
  double rephase_moment(Visibilities& rows, const std::vector<std::size_t>& moment,
                        TurnRows& turn) const;
  void report_earth(const Visibilities& rows, const PipelineContext& ctx) const;

  RephaseParams params_;
  UvwKind kind_ = UvwKind::derivative;
  std::optional<EarthOrientation> earth_;
  Orientation worst_;  ///< of the observation's first and last moment
  GeodeticPosition site_;
  std::optional<SkyFrames> frames_;
  std::shared_ptr<const ObservationHeader> old_header_;
  std::shared_ptr<const ObservationHeader> new_header_;
  mutable std::atomic<bool> said_{false};
  mutable std::atomic<bool> degraded_{false};
  mutable std::atomic<bool> doubted_{false};
};

}  // namespace skymill::radio
