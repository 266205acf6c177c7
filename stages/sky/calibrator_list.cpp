// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/diagnostics.h>
#include <core/error.h>
#include <core/units.h>
#include <stages/sky/calibrator_list.h>
#include <stages/sky/shipped_calibrators.h>
#include <stages/sky/source_table.h>

#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

namespace skymill::radio {

namespace {

const std::vector<std::string>& columns() {
  static const std::vector<std::string> names{
      "name",      "aliases",        "ra",        "dec", "flux",
      "frequency", "spectral_index", "curvature", "low", "high"};
  return names;
}

/// A name without what people write differently.
std::string plain(const std::string& name) {
  std::string letters;
  for (const char c : name) {
    if (c == ' ' || c == '_') continue;
    letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return letters;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ';');) words.push_back(word);
  return words;
}

void read_flux(const SourceRow& row, Calibrator& calibrator) {
  const auto flux_jy = row.quantity("flux", "Jy");
  if (!flux_jy) {
    calibrator.scale = scale_source(plain(calibrator.name));
    return;
  }
  if (!(*flux_jy > 0)) throw row.fault("the flux of " + calibrator.name + " is not above 0");
  calibrator.flux_jy = *flux_jy;
  calibrator.frequency_hz = row.needed("frequency", "Hz");
  calibrator.spectral_index = row.quantity("spectral_index", "").value_or(0);
  calibrator.curvature = row.quantity("curvature", "").value_or(0);
  calibrator.low_hz = row.needed("low", "Hz");
  calibrator.high_hz = row.needed("high", "Hz");
  if (!(calibrator.frequency_hz > 0)) throw row.fault("the frequency is not above 0");
  if (!(calibrator.low_hz <= calibrator.high_hz)) throw row.fault("low is above high");
}

Calibrator calibrator_of(const SourceRow& row) {
  Calibrator calibrator;
  calibrator.name = row.text("name");
  if (calibrator.name.empty()) throw row.fault("there is no name");
  calibrator.aliases = words_of(row.text("aliases"));
  calibrator.direction = row.direction();
  read_flux(row, calibrator);
  return calibrator;
}

}  // namespace

bool Calibrator::has_flux_at(double freq_hz) const {
  if (scale != nullptr) return freq_hz >= scale->low_hz && freq_hz <= scale->high_hz;
  return flux_jy > 0 && freq_hz >= low_hz && freq_hz <= high_hz;
}

double Calibrator::flux_jy_at(double freq_hz) const {
  if (scale != nullptr) return scale->flux_jy_at(freq_hz);
  const std::string hint =
      "give flux, spectral_index and reference_frequency from where you have "
      "them, or take another calibrator";
  if (!(flux_jy > 0)) {
    throw Error(ErrorKind::input, "the flux of " + name + " is not in the list of calibrators",
                hint);
  }
  if (!has_flux_at(freq_hz)) {
    throw Error(ErrorKind::input,
                "the flux of " + name + " is known from " + format_quantity(low_hz, "Hz") + " to " +
                    format_quantity(high_hz, "Hz") + ", and " + format_quantity(freq_hz, "Hz") +
                    " is outside",
                hint);
  }
  const double ratio = freq_hz / frequency_hz;
  return flux_jy * std::pow(ratio, spectral_index + curvature * std::log10(ratio));
}

CalibratorList::CalibratorList(std::istream& in, const std::string& path) : path_(path) {
  std::map<std::string, std::string> known;  // plain names, and whose they are
  for (const SourceRow& row : read_source_rows(in, path, columns())) {
    Calibrator calibrator = calibrator_of(row);
    std::vector<std::string> names = calibrator.aliases;
    names.push_back(calibrator.name);
    for (const std::string& name : names) {
      const auto [place, fresh] = known.emplace(plain(name), calibrator.name);
      if (fresh) continue;
      throw row.fault("'" + name + "' of " + calibrator.name + " is a name of " + place->second +
                      " already");
    }
    calibrators_.push_back(std::move(calibrator));
  }
}

CalibratorList CalibratorList::shipped() {
  std::istringstream in(shipped_calibrators());
  return {in, "calibrators.csv"};
}

CalibratorList CalibratorList::of(const std::string& path) {
  if (path.empty()) return shipped();
  std::ifstream in(path);
  if (!in) throw Error(ErrorKind::input, "the list of calibrators '" + path + "' cannot be read");
  return {in, path};
}

const Calibrator* CalibratorList::find(const std::string& name) const {
  const std::string wanted = plain(name);
  for (const Calibrator& calibrator : calibrators_) {
    if (plain(calibrator.name) == wanted) return &calibrator;
    for (const std::string& alias : calibrator.aliases) {
      if (plain(alias) == wanted) return &calibrator;
    }
  }
  return nullptr;
}

const Calibrator& CalibratorList::at(const std::string& name) const {
  if (const Calibrator* const calibrator = find(name)) return *calibrator;
  std::vector<std::string> names;
  for (const Calibrator& calibrator : calibrators_) {
    names.push_back(calibrator.name);
    names.insert(names.end(), calibrator.aliases.begin(), calibrator.aliases.end());
  }
  const std::string meant = did_you_mean(name, names);
  throw Error(ErrorKind::description, "there is no calibrator '" + name + "' in " + path_,
              (meant.empty() ? "" : meant + " ") +
                  "give a list of your own with calibrators, or the source's direction and flux");
}

}  // namespace skymill::radio
