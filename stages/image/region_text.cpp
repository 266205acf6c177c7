// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/units.h>
#include <stages/image/region_text.h>
#include <stages/image/sky_pixel.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

namespace skymill::radio {

namespace {

constexpr double kEdge = 1e-6;  // pixels: what turning sky into pixels may cost

using Point = std::array<double, 2>;  // x, y in pixels
using Span = std::pair<double, double>;

/// Which x of a row are inside, ends included.
using Shape = std::function<std::vector<Span>(double y)>;

/// A bracket of the text: a list, or a single word.
struct Item {
  std::string word;
  std::vector<Item> list;
};

class RegionReader {
 public:
  RegionReader(const std::string& text, const ImageHeader& image)
      : text_(text), image_(image), frame_(image.phase_centre.frame) {}

  Shape read() {
    const std::string name = next_word("[");
    const Item item = bracket();
    options();
    if (name == "circle") return circle(item);
    if (name == "box") return box(item);
    if (name == "centerbox") return centre_box(item);
    if (name == "poly") return polygon(item);
    refuse("'" + name + "' is none of circle, box, centerbox and poly");
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::description, "the region '" + text_ + "' cannot be read: " + why,
                "write it as circle[[256pix, 256pix], 30pix] or "
                "box[[12h30m50s, 12d23m], [12h30m49s, 12d24m]]");
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  std::string next_word(const std::string& ends) {
    skip_blanks();
    const std::size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
    std::string word = text_.substr(at_, end - at_);
    while (!word.empty() && std::isspace(static_cast<unsigned char>(word.back())) != 0) {
      word.pop_back();
    }
    at_ = end;
    return word;
  }

  Item bracket() {
    Item item;
    if (at_ >= text_.size() || text_[at_] != '[') refuse("a bracket [ is missing");
    do {
      ++at_;
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '[') {
        item.list.push_back(bracket());
        skip_blanks();
      } else {
        item.list.push_back({next_word(",[]"), {}});
      }
    } while (at_ < text_.size() && text_[at_] == ',');
    if (at_ >= text_.size() || text_[at_] != ']') refuse("a bracket ] is missing");
    ++at_;
    return item;
  }

  /// What stands behind the region: only the frame matters here, and what would be lost is refused.
  void options() {
    static const std::set<std::string> other_planes{"range", "corr", "frame", "veltype"};
    skip_blanks();
    while (at_ < text_.size()) {
      if (text_[at_] == ',') ++at_;
      const std::string key = next_word("=,");
      if (at_ >= text_.size() || text_[at_] != '=') refuse("'" + key + "' has no value");
      ++at_;
      skip_blanks();
      const bool list = at_ < text_.size() && text_[at_] == '[';
      const std::string value = list ? "" : next_word(",");
      if (list) bracket();
      skip_blanks();
      if (other_planes.count(key) != 0) refuse("'" + key + "' is not for a mask of all planes");
      if (key != "coord") continue;
      if (value != "ICRS" && value != "J2000") refuse("coord is neither ICRS nor J2000");
      frame_ = value;
    }
  }

  const std::vector<Item>& parts(const Item& item, std::size_t count) const {
    if (item.list.size() != count) {
      refuse("a bracket has " + std::to_string(item.list.size()) + " parts instead of " +
             std::to_string(count));
    }
    return item.list;
  }

  double quantity(const std::string& word, const std::string& unit) const {
    try {
      return parse_quantity(word, unit);
    } catch (const QuantityError& error) {
      refuse(error.what());
    }
  }

  static bool in_pixels(const std::string& word) {
    return word.size() > 3 && word.compare(word.size() - 3, 3, "pix") == 0;
  }

  double pixels(const std::string& word) const {
    return quantity(word.substr(0, word.size() - 3), "");
  }

  /// Declinations are also written 12.23.28.5, with points between degrees, minutes and seconds.
  double declination_rad(std::string word) const {
    if (word.find(':') != std::string::npos) {
      refuse("declinations are written 12d23m28s or 12.23.28");
    }
    const std::size_t first = word.find('.');
    const std::size_t second = first == std::string::npos ? first : word.find('.', first + 1);
    if (second != std::string::npos) {
      word[first] = 'd';
      word[second] = 'm';
      word += 's';
    }
    return quantity(word, "rad");
  }

  Point place(const Item& item) const {
    const auto& both = parts(item, 2);
    const bool pix = in_pixels(both[0].word);
    if (pix != in_pixels(both[1].word)) refuse("one coordinate is in pix and the other is not");
    if (pix) return {pixels(both[0].word), pixels(both[1].word)};
    const auto found =
        sky_pixel(image_, {quantity(both[0].word, "rad"), declination_rad(both[1].word), frame_});
    if (!found) refuse("it is on the other side of the sky from the image");
    return *found;
  }

  /// A length in pixels of x or y.
  double length(const Item& item, double cell_rad) const {
    if (!item.list.empty()) refuse("a length was expected, not a bracket");
    const double found =
        in_pixels(item.word) ? pixels(item.word) : quantity(item.word, "rad") / std::abs(cell_rad);
    if (!(found >= 0)) refuse("a length is negative");
    return found;
  }

  Shape circle(const Item& item) const {
    const auto& both = parts(item, 2);
    const Point centre = place(both[0]);
    const double rx = length(both[1], image_.cell_x_rad);
    const double ry = length(both[1], image_.cell_y_rad);
    return [=](double y) -> std::vector<Span> {
      const double up = std::abs(y - centre[1]);
      if (up > ry + kEdge) return {};
      const double part = ry > 0 ? std::min(1.0, up / ry) : 0.0;
      const double half = rx * std::sqrt(1 - part * part);
      return {{centre[0] - half, centre[0] + half}};
    };
  }

  static Shape rectangle(const Point& a, const Point& b) {
    return [=](double y) -> std::vector<Span> {
      if (y < std::min(a[1], b[1]) - kEdge || y > std::max(a[1], b[1]) + kEdge) return {};
      return {{std::min(a[0], b[0]), std::max(a[0], b[0])}};
    };
  }

  Shape box(const Item& item) const {
    const auto& both = parts(item, 2);
    return rectangle(place(both[0]), place(both[1]));
  }

  Shape centre_box(const Item& item) const {
    const auto& both = parts(item, 2);
    const Point centre = place(both[0]);
    const auto& sides = parts(both[1], 2);
    const double x = length(sides[0], image_.cell_x_rad) / 2;
    const double y = length(sides[1], image_.cell_y_rad) / 2;
    return rectangle({centre[0] - x, centre[1] - y}, {centre[0] + x, centre[1] + y});
  }

  Shape polygon(const Item& item) const {
    if (item.list.size() < 3) refuse("a poly has at least three corners");
    std::vector<Point> corners;
    for (const Item& corner : item.list) corners.push_back(place(corner));
    return [corners](double y) {
      std::vector<double> crossings;
      std::vector<Span> spans;
      for (std::size_t k = 0; k < corners.size(); ++k) {
        const Point& a = corners[k];
        const Point& b = corners[(k + 1) % corners.size()];
        if (a[1] == b[1]) {
          if (a[1] == y) spans.emplace_back(std::min(a[0], b[0]), std::max(a[0], b[0]));
        } else if (std::min(a[1], b[1]) <= y && y < std::max(a[1], b[1])) {
          crossings.push_back(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
        }
      }
      std::sort(crossings.begin(), crossings.end());
      for (std::size_t k = 0; k + 1 < crossings.size(); k += 2) {
        spans.emplace_back(crossings[k], crossings[k + 1]);
      }
      return spans;
    };
  }

  const std::string& text_;
  const ImageHeader& image_;
  std::string frame_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_region_text(const std::string& text) {
  const std::size_t bracket = text.find('[');
  return bracket != std::string::npos && bracket > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bracket), [](char c) {
           return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == ' ';
         });
}

std::vector<std::string> whole_items(const std::vector<std::string>& items) {
  std::vector<std::string> whole;
  std::ptrdiff_t open = 0;
  for (const std::string& item : items) {
    const bool option = !whole.empty() && is_region_text(whole.back()) &&
                        item.find('=') != std::string::npos && item.find('[') == std::string::npos;
    if (open > 0 || option) {
      whole.back() += ", " + item;
    } else {
      whole.push_back(item);
    }
    open += std::count(item.begin(), item.end(), '[') - std::count(item.begin(), item.end(), ']');
  }
  return whole;
}

std::vector<kernels::PixelRun> region_runs(const std::vector<std::string>& texts,
                                           const ImageHeader& image) {
  std::vector<Shape> shapes;
  for (const std::string& text : texts) shapes.push_back(RegionReader(text, image).read());
  const double right = static_cast<double>(image.nx);
  std::vector<kernels::PixelRun> runs;
  for (std::size_t y = 0; y < image.ny; ++y) {
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    for (const Shape& shape : shapes) {
      for (const Span& span : shape(static_cast<double>(y))) {
        const double first = std::clamp(std::ceil(span.first - kEdge), 0.0, right);
        const double end = std::clamp(std::floor(span.second + kEdge) + 1, 0.0, right);
        if (first < end) {
          parts.emplace_back(static_cast<std::size_t>(first), static_cast<std::size_t>(end));
        }
      }
    }
    std::sort(parts.begin(), parts.end());
    for (const auto& [first, end] : parts) {
      const bool joins = !runs.empty() && runs.back().y == y && runs.back().end >= first;
      if (joins) {
        runs.back().end = std::max(runs.back().end, end);
      } else {
        runs.push_back({y, first, end});
      }
    }
  }
  return runs;
}

}  // namespace skymill::radio
