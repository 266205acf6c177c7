// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_inspect.h>
#include <stages/uvh5_reader/hdf5_inspector.h>

namespace skymill::radio {

Inspector hdf5_inspector() {
  return {"HDF5", [](const std::string& path) -> std::optional<std::string> {
            if (!is_hdf5(path)) return std::nullopt;
            return inspect_hdf5(path);
          }};
}

}  // namespace skymill::radio
