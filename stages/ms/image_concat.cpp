// SPDX-License-Identifier: GPL-3.0-or-later
#include <casacore/casa/Arrays/Vector.h>
#include <casacore/casa/Containers/Record.h>
#include <casacore/casa/Json/JsonKVMap.h>
#include <casacore/casa/Json/JsonOut.h>
#include <casacore/casa/Json/JsonParser.h>
#include <casacore/casa/OS/Path.h>
#include <fcntl.h>
#include <stages/ms/image_concat.h>
#include <stages/ms/wall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace skymill::radio {

namespace cc = casacore;

namespace {

const char* const kFile = "/imageconcat.json";

/// Else a crash may leave the new name with nothing behind it.
void make_durable(const std::string& file) {
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool durable = handle >= 0 && ::fsync(handle) == 0;
  const int code = errno;
  if (handle >= 0) ::close(handle);
  if (!durable) {
    throw Error(code == ENOSPC ? ErrorKind::resources : ErrorKind::failed,
                "cannot make '" + file + "' durable: " + std::strerror(code));
  }
}

}  // namespace

void write_image_concat(const std::string& folder, const std::string& final_path,
                        const std::vector<std::string>& images, int axis) {
  const std::string written = folder + kFile + ".new";
  const cc::String whole_path = cc::Path(final_path).absoluteName();
  wall::guarded_write("cannot write '" + folder + kFile + "'", folder, [&] {
    std::filesystem::create_directories(folder);
    cc::Vector<cc::String> names(images.size());
    for (std::size_t k = 0; k < images.size(); ++k) {
      names[k] = cc::Path::stripDirectory(images[k], whole_path);
    }
    {
      cc::JsonOut out(written);
      out.start();
      out.write("Version", 1);
      out.write("DataType", "float");
      out.write("Axis", axis);
      // Members are opened when they are read and closed again, whatever their number.
      out.write("TempClose", true);
      out.write("Images", cc::Array<cc::String>(names));
      out.write("MiscInfo", cc::Record());
      out.end();
    }
    make_durable(written);
    std::filesystem::rename(written, folder + kFile);
  });
}

bool is_image_concat(const std::string& folder) {
  std::error_code code;
  return std::filesystem::is_regular_file(folder + kFile, code);
}

ImageConcat read_image_concat(const std::string& folder, const std::string& final_path) {
  const std::string file = folder + kFile;
  if (!is_image_concat(folder)) {
    throw Error(ErrorKind::input,
                "'" + folder + "' is no virtual concatenation: it has no imageconcat.json");
  }
  const wall::TablesLock lock;  // the parser keeps its state in globals
  return wall::guarded(
      "cannot read '" + file + "'",
      [&] {
        const cc::String whole_path = cc::Path(final_path).absoluteName();
        const cc::JsonKVMap json = cc::JsonParser::parseFile(file);
        const cc::Vector<cc::String> names(json.get("Images").getArrayString());
        ImageConcat list;
        for (const cc::String& name : names) {
          list.images.push_back(cc::Path::addDirectory(name, whole_path));
        }
        list.axis = static_cast<int>(json.get("Axis").getInt());
        return list;
      },
      "make it again");
}

}  // namespace skymill::radio
