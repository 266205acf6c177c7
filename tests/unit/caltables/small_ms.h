// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/lane.h>
#include <stages/ms/ms_writer.h>

#include <string>

#include "cal_solutions.h"

namespace skymill::radio::test {

/// Writes a MeasurementSet of the array of `cal_header`, two integrations long, without signal.
inline void write_small_ms(const std::string& path, const ObservationHeader& header,
                           double first_s) {
  Lane lane("test");
  lane.run([&](const Lane::Token& token) {
    MsWriter writer(token, path, std::make_shared<ObservationHeader>(header));
    for (int dd = 0; dd < static_cast<int>(header.data_descriptions.size()); ++dd) {
      Visibilities rows;
      rows.data_desc_id = dd;
      rows.nchan = header.spectral_windows[static_cast<std::size_t>(dd)].chan_freq_hz.size();
      rows.ncorr = 4;
      for (const double time_s : {first_s, first_s + 12.5}) {
        rows.time_s.push_back(time_s);
        rows.interval_s.push_back(12.5);
        rows.exposure_s.push_back(12.5);
        rows.antenna1.push_back(0);
        rows.antenna2.push_back(1);
        rows.field_id.push_back(0);
        rows.scan_number.push_back(1);
        rows.uvw_m.insert(rows.uvw_m.end(), {100, 50, 1});
      }
      rows.data.assign(2 * rows.nchan * 4, {1, 0});
      rows.flag.assign(2 * rows.nchan * 4, 0);
      rows.weight.assign(8, 1);
      writer.append(token, rows);
    }
    writer.finish(token);
  });
}

}  // namespace skymill::radio::test
