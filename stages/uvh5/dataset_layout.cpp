// SPDX-License-Identifier: GPL-3.0-or-later
#include "dataset_layout.h"

#include <algorithm>

namespace skymill::radio::hdf5 {

namespace {

std::vector<ChunkFilter> filters_of(hid_t creation) {
  std::vector<ChunkFilter> filters;
  const int count = H5Pget_nfilters(creation);
  for (int k = 0; k < count; ++k) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    H5Pget_filter2(creation, static_cast<unsigned>(k), &flags, &values, nullptr, 0, nullptr,
                   &config);
    ChunkFilter filter;
    filter.values.resize(values);
    filter.number = H5Pget_filter2(creation, static_cast<unsigned>(k), &flags, &values,
                                   filter.values.data(), 0, nullptr, &config);
    filter.optional = (flags & H5Z_FLAG_OPTIONAL) != 0;
    filters.push_back(std::move(filter));
  }
  return filters;
}

}  // namespace

std::size_t DatasetLayout::chunk_bytes() const {
  std::size_t bytes = cell_bytes;
  for (const hsize_t size : chunk) bytes *= size;
  return bytes;
}

hsize_t DatasetLayout::chunks_of_row() const {
  hsize_t count = chunk.empty() ? 0 : 1;
  for (std::size_t axis = 1; axis < chunk.size(); ++axis) {
    count *= (shape[axis] + chunk[axis] - 1) / chunk[axis];
  }
  return count;
}

hsize_t DatasetLayout::chunks() const {
  return chunk.empty() ? 0 : (shape[0] + chunk[0] - 1) / chunk[0] * chunks_of_row();
}

hsize_t DatasetLayout::cells_of_row() const {
  hsize_t count = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) count *= shape[axis];
  return count;
}

DatasetLayout layout_of(hid_t dataset) {
  const Lock lock;
  DatasetLayout layout;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  layout.cell_bytes = H5Tget_size(type.id());
  layout.shape.resize(
      static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  if (!layout.shape.empty()) {
    H5Sget_simple_extent_dims(space.id(), layout.shape.data(), nullptr);
  }
  switch (H5Pget_layout(creation.id())) {
    case H5D_CONTIGUOUS:
      if (H5Pget_external_count(creation.id()) == 0) layout.storage = Storage::contiguous;
      break;
    case H5D_CHUNKED:
      layout.storage = Storage::chunked;
      layout.chunk.resize(layout.rank());
      H5Pget_chunk(creation.id(), static_cast<int>(layout.rank()), layout.chunk.data());
      layout.filters = filters_of(creation.id());
      break;
    default:
      break;
  }
  return layout;
}

std::string filter_name(int number) {
  switch (number) {
    case H5Z_FILTER_DEFLATE:
      return "deflate";
    case H5Z_FILTER_SHUFFLE:
      return "shuffle";
    case H5Z_FILTER_FLETCHER32:
      return "fletcher32";
    case H5Z_FILTER_SZIP:
      return "szip";
    case H5Z_FILTER_NBIT:
      return "nbit";
    case H5Z_FILTER_SCALEOFFSET:
      return "scaleoffset";
    case 307:
      return "bzip2";
    case 32000:
      return "lzf";
    case 32001:
      return "blosc";
    case 32004:
      return "lz4";
    case 32008:
      return "bitshuffle";
    case 32013:
      return "zfp";
    case 32015:
      return "zstd";
    case 32026:
      return "blosc2";
    default:
      return "filter " + std::to_string(number);
  }
}

std::string text_of(const std::vector<hsize_t>& shape) {
  std::string text = "[";
  for (const hsize_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace skymill::radio::hdf5
