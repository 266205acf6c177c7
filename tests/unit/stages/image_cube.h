// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/testing.h>
#include <stages/image/image_stage.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "row_chunks.h"
#include "small_observation.h"

namespace skymill::radio {

/// The planes by channel.
using Cube = std::map<std::size_t, ChannelImage>;

/// Runs the stage over the observation in chunks of `chunk_rows`.
inline Cube image(const ImageParams& params, const SmallObservation& all, std::size_t chunk_rows,
                  int threads = 1, std::size_t memory_bytes = std::size_t{1} << 28) {
  Cube cube;
  testing::run_stage<Image>(params, in_chunks(all.rows, chunk_rows), visibility_spec(all.header),
                            [&](const Chunk<ChannelImage>& chunk) {
                              ChannelImage copy;
                              copy.products = chunk->products;
                              copy.beam = chunk->beam;
                              copy.blank = chunk->blank;
                              cube[chunk.span().at("channel").begin] = std::move(copy);
                            },
                            {threads, memory_bytes});
  return cube;
}

inline bool same_bits(const Cube& a, const Cube& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    for (std::size_t p = 0; p < x.second.products.size(); ++p) {
      if (x.second.products[p].pixels() != y.second.products[p].pixels()) return false;
    }
    return x.first == y.first;
  });
}

}  // namespace skymill::radio
