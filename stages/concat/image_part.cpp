// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <glob.h>
#include <stages/concat/image_part.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>

namespace fs = std::filesystem;

namespace skymill::radio {

ImagePart read_image_part(const Lane::Token& token, const std::string& path, ImageHistory wanted) {
  CasaImageReader image(token, path, wanted);
  ImagePart part;
  part.path = path;
  part.header = image.header();
  part.history = std::move(part.header.history);
  part.header.history.clear();
  part.reference_pixel = image.reference_pixel();
  part.projection = image.projection();
  part.unit = image.unit();
  part.stokes = image.stokes();
  part.beams = image.beams();
  part.has_mask = image.has_mask();
  part.spectral_axis = image.spectral_axis();
  if (part.spectral_axis < 0) {
    throw Error(ErrorKind::input, "the image '" + path + "' has no frequency axis",
                "only images of channels become a cube");
  }
  for (std::size_t chan = 0; chan < part.header.nchan; ++chan) {
    const auto place = image.plane_place(chan);
    if (!place) {
      part.places.clear();
      break;
    }
    part.places.push_back(*place);
  }
  image.close(token);
  return part;
}

bool before_by_number(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!digit(a[i]) || !digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    const std::size_t first_a = i, first_b = j;
    while (i < a.size() && digit(a[i])) ++i;
    while (j < b.size() && digit(b[j])) ++j;
    if (i - first_a != j - first_b) return i - first_a < j - first_b;
    const int order = a.compare(first_a, i - first_a, b, first_b, j - first_b);
    if (order != 0) return order < 0;
  }
  if (i < a.size() || j < b.size()) return i == a.size();
  return a < b;  // they differ in leading zeros at most
}

namespace {

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &found);
  const std::unique_ptr<glob_t, decltype(&::globfree)> owned(&found, ::globfree);
  if (result != 0 && result != GLOB_NOMATCH) {
    throw Error(ErrorKind::input, "a folder of '" + pattern + "' cannot be read");
  }
  return {found.gl_pathv, found.gl_pathv + found.gl_pathc};
}

}  // namespace

std::vector<std::string> find_image_parts(const std::vector<std::string>& inputs,
                                          const std::string& extension) {
  const std::string ending = extension.empty() ? "" : "." + extension;
  std::vector<std::string> all;
  for (const std::string& input : inputs) {
    std::vector<std::string> found{input + ending};
    std::error_code code;
    if (!fs::exists(found.front(), code) && input.find_first_of("*?[") != std::string::npos) {
      found = matches(input + ending);
      std::erase_if(found, [](const std::string& path) { return path.ends_with(".partial"); });
      std::sort(found.begin(), found.end(), before_by_number);
    }
    for (const std::string& path : found) {
      std::string absolute = fs::absolute(path).lexically_normal().string();
      while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
      all.push_back(std::move(absolute));
    }
  }
  return all;
}

}  // namespace skymill::radio
