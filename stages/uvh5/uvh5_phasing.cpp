// SPDX-License-Identifier: GPL-3.0-or-later
// To what the visibilities were phased (dsa110.md 1.7). The correlator of the DSA-110 stops the
// fringes on the meridian, but its files say `drift`; only the epoch HADEC among the extra keywords
// tells them from drift scans.
#include <core/error.h>

#include <algorithm>
#include <cmath>

#include "header_parts.h"

namespace skymill::radio {

namespace {

const char* const kCatalogue = "Header/phase_center_catalog";

std::string extra(const char* name) { return std::string("Header/extra_keywords/") + name; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Our name of a frame of right ascensions.
std::string frame_name(const hdf5::File& file, const std::string& frame, double epoch) {
  if (lower(frame) == "icrs") return "ICRS";
  if (lower(frame) == "fk5" && epoch == 2000) return "J2000";
  file.refuse("has a phase centre in the frame '" + frame + "', epoch " + std::to_string(epoch),
              "icrs, and fk5 of epoch 2000, are known");
}

void parse_meridian(const hdf5::File& file, Uvh5Header& header) {
  header.phasing = Phasing::meridian;
  auto dec = file.maybe_real(extra("phase_center_dec"));
  if (!dec) dec = file.maybe_real("Header/phase_center_app_dec");
  if (!dec || !std::isfinite(*dec) || std::abs(*dec) > 1.5707963267948966) {
    file.refuse("is fringe-stopped to the meridian, but '" + extra("phase_center_dec") +
                "' gives no declination");
  }
  header.pointing_dec_rad = *dec;
  const double hour_angle = file.maybe_real(extra("ha_phase_center")).value_or(0);
  if (hour_angle != 0) {
    file.refuse("is fringe-stopped to the hour angle " + std::to_string(hour_angle),
                "only the meridian, hour angle 0, is known");
  }
}

Uvh5PhaseCentre parse_centre(const hdf5::File& file, const std::string& entry) {
  const std::string group = std::string(kCatalogue) + "/" + entry + "/";
  Uvh5PhaseCentre centre;
  // Entries are called by their number, in files of version 1.0 by the name of the source.
  const bool number = !entry.empty() && entry.find_first_not_of("0123456789") == std::string::npos;
  centre.id = number && entry.size() < 9 ? std::stoi(entry)
                                         : static_cast<int>(file.integer(group + "cat_id"));
  centre.name = file.maybe_text(group + "cat_name").value_or(entry);
  return centre;
}

void parse_catalogue(const hdf5::File& file, Uvh5Header& header) {
  std::size_t unprojected = 0;
  for (const std::string& entry : file.members(kCatalogue)) {
    const std::string group = std::string(kCatalogue) + "/" + entry + "/";
    const std::string type = lower(file.text(group + "cat_type"));
    Uvh5PhaseCentre centre = parse_centre(file, entry);
    if (type == "sidereal") {
      centre.direction.ra_rad = file.real(group + "cat_lon");
      centre.direction.dec_rad = file.real(group + "cat_lat");
      centre.direction.frame = frame_name(file, file.text(group + "cat_frame"),
                                          file.maybe_real(group + "cat_epoch").value_or(2000));
    } else if (type == "unprojected") {
      ++unprojected;
    } else {
      file.refuse("has a phase centre '" + centre.name + "' of type '" + type + "'",
                  "sidereal and unprojected are known");
    }
    header.phase_centres.push_back(std::move(centre));
  }
  if (header.phase_centres.empty()) file.refuse(std::string("has an empty '") + kCatalogue + "'");
  if (unprojected != 0 && unprojected != header.phase_centres.size()) {
    file.refuse("mixes rows phased to a direction with unprojected ones",
                "write a file for each kind");
  }
  header.phasing = unprojected == 0 ? Phasing::tracked : Phasing::unprojected;
  if (unprojected != 0) header.phase_centres.clear();
}

void parse_phase_type(const hdf5::File& file, Uvh5Header& header) {
  const std::string type = lower(file.text("Header/phase_type"));
  if (type == "drift" || type == "unprojected") {
    header.phasing = Phasing::unprojected;
    return;
  }
  if (type != "phased" && type != "projected") {
    file.refuse("has the phase_type '" + type + "'", "drift and phased are known");
  }
  header.phasing = Phasing::tracked;
  Uvh5PhaseCentre centre;
  centre.name = header.object_name;
  centre.direction.ra_rad = file.real("Header/phase_center_ra");
  centre.direction.dec_rad = file.real("Header/phase_center_dec");
  centre.direction.frame =
      frame_name(file, file.maybe_text("Header/phase_center_frame").value_or("icrs"),
                 file.maybe_real("Header/phase_center_epoch").value_or(2000));
  header.phase_centres = {std::move(centre)};
}

}  // namespace

bool says_meridian(const hdf5::File& file) {
  const std::string name = extra("phase_center_epoch");
  if (!file.has(name)) return false;
  const hdf5::Lock lock;
  const hdf5::Handle epoch = file.dataset(name);
  const hdf5::Handle type(H5Dget_type(epoch.id()), H5Tclose);
  if (H5Tget_class(type.id()) != H5T_STRING) return false;  // a year
  return lower(file.text(name)) == "hadec";
}

void parse_phasing(const hdf5::File& file, Uvh5Header& header) {
  const bool meridian = says_meridian(file);
  if (file.has(kCatalogue)) {
    parse_catalogue(file, header);
  } else if (file.has("Header/phase_type")) {
    parse_phase_type(file, header);
  } else if (!meridian) {
    file.refuse(
        std::string("says nothing of its phasing: it has neither 'Header/phase_type' nor '") +
        kCatalogue + "'");
  }
  if (!meridian) return;
  if (header.phasing == Phasing::tracked && !header.phase_centres.empty()) {
    file.refuse("says HADEC, fringe-stopped to the meridian, and also that it is phased to '" +
                    header.phase_centres.front().name + "'",
                "a program that took the data for unprojected may have phased them wrongly");
  }
  header.phase_centres.clear();
  parse_meridian(file, header);
}

}  // namespace skymill::radio
