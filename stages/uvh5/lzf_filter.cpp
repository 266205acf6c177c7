// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5 filter 32000, as h5py writes it: a chunk is one LZF block; the third client value is the
// size of a whole chunk in bytes.
#include <core/error.h>
#include <liblzf/lzf.h>

#include <cerrno>
#include <memory>

#include "hdf5_file.h"

namespace skymill::radio::hdf5 {

namespace {

constexpr H5Z_filter_t kLzf = 32000;
constexpr std::size_t kLargestChunk = std::size_t{1} << 32;  // HDF5's own limit

struct Free {
  void operator()(void* memory) const { H5free_memory(memory); }
};
using Buffer = std::unique_ptr<void, Free>;

/// The block unpacked into `room` bytes; its size, or 0 when it does not fit or is no such block.
std::size_t unpack(const void* packed, std::size_t packed_bytes, Buffer& into, std::size_t room) {
  into.reset(H5allocate_memory(room, false));
  if (!into) return 0;
  return lzf_decompress(packed, static_cast<unsigned>(packed_bytes), into.get(),
                        static_cast<unsigned>(room));
}

/// HDF5 calls this for every chunk; 0 means failure, and for writing "leave it as it is".
std::size_t filter(unsigned flags, std::size_t values, const unsigned* value, std::size_t bytes,
                   std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;  // we read such files only
  std::size_t room = values >= 3 && value[2] > 0 ? value[2] : 4 * bytes;
  Buffer unpacked;
  std::size_t size = 0;
  while ((size = unpack(*buffer, bytes, unpacked, room)) == 0) {
    if (errno != E2BIG || 2 * room >= kLargestChunk) return 0;
    room *= 2;
  }
  H5free_memory(*buffer);
  *buffer = unpacked.release();
  *buffer_bytes = room;
  return size;
}

}  // namespace

void register_lzf() {
  H5Z_class2_t lzf{};
  lzf.version = H5Z_CLASS_T_VERS;
  lzf.id = kLzf;
  lzf.encoder_present = 0;
  lzf.decoder_present = 1;
  lzf.name = "lzf";
  lzf.filter = &filter;
  if (H5Zregister(&lzf) < 0) {
    throw Error(ErrorKind::failed, "HDF5 does not take the LZF filter");
  }
}

}  // namespace skymill::radio::hdf5
