// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/ms/casa_image.h>
#include <stages/ms/ms_reader.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>

#include "data_fixture.h"

using namespace skymill;
using namespace skymill::radio;
using namespace skymill::radio::test;
namespace fs = std::filesystem;

namespace {

void copy_table(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add);
  }
  fs::permissions(to, fs::perms::owner_all, fs::perm_options::add);
}

/// Opens and reads everything; the error's text, or nothing when all went well.
std::string error_of_reading(const std::string& path) {
  Lane lane("test");
  try {
    MsSelection selection;
    selection.autocorrelations = true;
    MsReader reader = open_reader(lane, path, selection);
    read_all(lane, reader, 1000);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::input);
    CHECK_THAT(error.message(), Catch::Contains(path));
    CHECK(error.message().find('\n') == std::string::npos);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("what is no MeasurementSet is refused in one sentence", "[ms]") {
  Scratch scratch;
  CHECK_THAT(error_of_reading(scratch.path("absent.ms")), Catch::Contains("does not exist"));
  std::ofstream(scratch.path("file.ms")) << "text";
  CHECK_THAT(error_of_reading(scratch.path("file.ms")), Catch::Contains("not a directory"));
  fs::create_directory(scratch.path("empty.ms"));
  CHECK_THAT(error_of_reading(scratch.path("empty.ms")), Catch::Contains("no readable file"));
  const auto data = real_data("an image given as a MeasurementSet");
  if (!data) return;
  CHECK_THAT(error_of_reading(*data / "image" / "M17_SWex.image"), Catch::Contains("DATA"));
}

TEST_CASE("tables cut short are refused", "[ms]") {
  const auto data = real_data("truncated tables");
  if (!data) return;
  Scratch scratch;
  for (const char* name : {"wsrt_3C343_16ch.ms", "lofar_4spw_unequal.ms", "lofar_hba_64ch.ms",
                           "vla_J1008_36GHz_lo32.ms"}) {
    const fs::path source = *data / "ms" / name;
    const std::string copy = scratch.path(name);
    copy_table(source, copy);
    REQUIRE(error_of_reading(copy).empty());
    for (const auto& entry : fs::directory_iterator(source)) {
      const std::string file = entry.path().filename();
      if (file.rfind("table.", 0) != 0 || file == "table.lock" || file == "table.info") continue;
      if (entry.file_size() == 0) continue;
      INFO(name << " " << file);
      copy_table(source, copy);
      fs::resize_file(fs::path(copy) / file, entry.file_size() / 2);
      const std::string cut = error_of_reading(copy);
      copy_table(source, copy);
      fs::remove(fs::path(copy) / file);
      const std::string missing = error_of_reading(copy);
      const bool decisive = file == "table.dat" || file == "table.f0" || file == "table.f1";
      if (decisive) {
        CHECK(cut != "");
        CHECK(missing != "");
      }
    }
    for (const char* subtable : {"ANTENNA", "SPECTRAL_WINDOW", "POLARIZATION", "FIELD",
                                 "DATA_DESCRIPTION", "OBSERVATION"}) {
      INFO(name << " " << subtable);
      copy_table(source, copy);
      fs::remove_all(fs::path(copy) / subtable);
      CHECK_THAT(error_of_reading(copy), Catch::Contains(subtable));
      for (const char* file : {"table.dat", "table.f0"}) {
        copy_table(source, copy);
        const fs::path part = fs::path(copy) / subtable / file;
        fs::resize_file(part, fs::file_size(part) / 2);
        CHECK_THAT(error_of_reading(copy), Catch::Contains(subtable));
      }
    }
  }
}

TEST_CASE("images cut short are refused", "[ms]") {
  const auto data = real_data("truncated images");
  if (!data) return;
  Scratch scratch;
  const fs::path source = *data / "image" / "M17_SWex.image";
  const std::string copy = scratch.path("copy.image");
  const auto error_of = [&] {
    Lane lane("test");
    std::string text;
    lane.run([&](const Lane::Token& token) {
      try {
        CasaImageReader reader(token, copy);
        std::vector<float> pixels(reader.header().nx * reader.header().ny);
        std::vector<std::uint8_t> mask(pixels.size());
        for (std::size_t chan = 0; chan < reader.header().nchan; ++chan) {
          reader.read_plane(token, chan, pixels.data(), mask.data());
        }
      } catch (const Error& error) {
        text = error.what();
      }
    });
    return text;
  };
  copy_table(source, copy);
  REQUIRE(error_of().empty());
  for (const char* file : {"table.dat", "table.f0", "table.f0_TSM0", "mask0/table.dat",
                           "mask0/table.f0", "mask0/table.f0_TSM0"}) {
    INFO(file);
    copy_table(source, copy);
    const fs::path part = fs::path(copy) / file;
    fs::resize_file(part, fs::file_size(part) / 2);
    CHECK_THAT(error_of(), Catch::Contains(copy));
    fs::remove(part);
    CHECK_THAT(error_of(), Catch::Contains(copy));
  }
  fs::remove_all(fs::path(copy) / "mask0");
  CHECK_THAT(error_of(), Catch::Contains("mask"));
}
