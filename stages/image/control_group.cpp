// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/image/control_group.h>

namespace skymill::radio {

std::vector<ControlGroup> control_groups(const ImageParams& params, std::size_t planes,
                                         std::size_t workers) {
  std::size_t parts = planes;
  if (params.convergence == "cube") {
    parts = 1;
  } else if (params.convergence == "chunk" && params.nparts) {
    parts = *params.nparts;
  } else if (params.convergence == "chunk" && params.cube_chunksize > 0) {
    const auto size = static_cast<std::size_t>(params.cube_chunksize);
    parts = (planes + size - 1) / size;
  } else if (params.convergence == "chunk") {
    parts = workers;
  }
  parts = std::clamp<std::size_t>(parts, 1, planes);
  std::vector<ControlGroup> groups;
  std::size_t first = 0;
  for (std::size_t k = 0; k < parts; ++k) {
    const std::size_t size = planes / parts + (k < planes % parts ? 1 : 0);
    groups.push_back({first, first + size});
    first += size;
  }
  return groups;
}

}  // namespace skymill::radio
