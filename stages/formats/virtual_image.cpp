// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <stages/formats/virtual_image.h>
#include <stages/ms/image_concat.h>

#include <algorithm>
#include <unordered_set>

namespace skymill::radio {

bool VirtualImage::is_one(const std::string& path) { return is_image_concat(path); }

VirtualImage::VirtualImage(const Lane::Token& token, const std::string& path) {
  const ImageConcat list = read_image_concat(path, path);
  if (list.images.empty()) {
    throw Error(ErrorKind::input, "the virtual image '" + path + "' names no images");
  }
  std::unordered_set<std::string> known;
  std::vector<std::string> history;
  for (const std::string& member : list.images) {
    CasaImageReader image(token, member);
    add(image, member, list.axis);
    for (const std::string& line : image.header().history) {
      if (known.insert(line).second) history.push_back(line);
    }
    image.close(token);
  }
  members_ = list.images;
  header_.history = std::move(history);
  header_.nchan = header_.chan_freq_hz.size();
  if (!all_have_beams_) beams_.clear();
}

void VirtualImage::add(const CasaImageReader& member, const std::string& path, int axis) {
  const ImageHeader& header = member.header();
  if (member.spectral_axis() != axis) {
    throw Error(ErrorKind::input, "'" + path + "' is joined along axis " + std::to_string(axis) +
                                      " with others, which is not that of its frequencies");
  }
  if (ends_.empty()) {
    header_ = header;
    header_.chan_freq_hz.clear();
    unit_ = member.unit();
    stokes_ = member.stokes();
    reference_pixel_ = member.reference_pixel();
  } else if (header.nx != header_.nx || header.ny != header_.ny || member.stokes() != stokes_) {
    throw Error(ErrorKind::input, "'" + path + "' has another shape than the images before it");
  }
  header_.chan_freq_hz.insert(header_.chan_freq_hz.end(), header.chan_freq_hz.begin(),
                              header.chan_freq_hz.end());
  ends_.push_back(header_.chan_freq_hz.size());
  beams_.insert(beams_.end(), member.beams().begin(), member.beams().end());
  all_have_beams_ = all_have_beams_ && !member.beams().empty();
  has_mask_ = has_mask_ || member.has_mask();
}

void VirtualImage::read_plane(const Lane::Token& token, std::size_t chan, float* pixels,
                              std::uint8_t* mask, std::size_t stokes_plane) {
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), chan);
  const auto member = static_cast<std::size_t>(end - ends_.begin());
  const std::size_t first = member == 0 ? 0 : ends_[member - 1];
  if (!open_ || open_member_ != member) {
    open_.reset();
    open_.emplace(token, members_.at(member));
    open_member_ = member;
  }
  open_->read_plane(token, chan - first, pixels, mask, stokes_plane);
}

}  // namespace skymill::radio
