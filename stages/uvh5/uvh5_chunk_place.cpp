// SPDX-License-Identifier: GPL-3.0-or-later
#include <stages/uvh5/uvh5_chunk_place.h>

#include <array>

#include "hdf5_file.h"

namespace skymill::radio {

ChunkPlace visdata_chunk(const std::string& path, std::uint64_t chunk) {
  const hdf5::Lock lock;
  const hdf5::File file = hdf5::File::open(path);
  const hdf5::Handle data = file.dataset("Data/visdata");
  const hdf5::Handle properties(H5Dget_create_plist(data.id()), H5Pclose);
  ChunkPlace place;
  if (H5Pget_layout(properties.id()) != H5D_CHUNKED) {
    place.offset = H5Dget_offset(data.id());
    place.bytes = H5Dget_storage_size(data.id());
    place.chunks = 1;
    return place;
  }
  const hdf5::Handle space(H5Dget_space(data.id()), H5Sclose);
  hsize_t chunks = 0;
  H5Dget_num_chunks(data.id(), space.id(), &chunks);
  if (chunks == 0) file.refuse("has no chunks in 'Data/visdata'");
  std::array<hsize_t, H5S_MAX_RANK> first{};
  unsigned mask = 0;
  haddr_t address = 0;
  hsize_t bytes = 0;
  if (H5Dget_chunk_info(data.id(), space.id(), chunk % chunks, first.data(), &mask, &address,
                        &bytes) < 0) {
    file.refuse("does not tell where the chunks of 'Data/visdata' are");
  }
  return {address, bytes, first[0], chunks};
}

}  // namespace skymill::radio
