// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/error.h>
#include <core/placed_file.h>
#include <stages/ms/sparse_tiles.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

namespace skymill::radio::wall {

namespace {

constexpr std::size_t kLargestTileBytes = std::size_t{64} << 20;

/// Walks over the file `table.f0`, in which a tiled storage manager describes its cubes, copies it
/// and puts other numbers in some places. The file is in casacore's canonical form: integers are
/// big-endian, a string is its length and its letters, an object its length (from there to its
/// end), its name, its version and its content.
class HeaderWalk {
 public:
  explicit HeaderWalk(std::string file) : file_(std::move(file)) {
    std::ifstream stream(file_, std::ios::binary);
    from_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }

  /// What casacore has to have written here; copied.
  void same(std::uint32_t word) {
    if (next_word() != word) unknown();
    put(word);
  }
  void same_byte(char byte) {
    need(1);
    if (from_[at_++] != byte) unknown();
    to_ += byte;
  }
  void same_text(const std::string& text) {
    same(static_cast<std::uint32_t>(text.size()));
    need(text.size());
    if (from_.compare(at_, text.size(), text) != 0) unknown();
    copy(text.size());
  }
  std::string any_text() {
    const std::uint32_t length = next_word();
    need(length);
    put(length);
    const std::string text = from_.substr(at_, length);
    copy(length);
    return text;
  }
  std::uint32_t any() {
    const std::uint32_t word = next_word();
    put(word);
    return word;
  }
  /// An object that is copied as it is.
  void whole_object() {
    const std::uint32_t length = next_word();
    if (length < 4) unknown();
    need(length - 4);
    put(length);
    copy(length - 4);
  }

  /// Begins an object, which ends with `end`; its length is found then.
  std::size_t begin(const std::string& name, std::uint32_t version) {
    const std::size_t place = to_.size();
    put(next_word());
    same_text(name);
    same(version);
    return place;
  }
  void end(std::size_t place) {
    const std::string length = word_text(static_cast<std::uint32_t>(to_.size() - place));
    to_.replace(place, length.size(), length);
  }

  /// One word in the place of another.
  void replace(std::uint32_t old, std::uint32_t with) {
    if (next_word() != old) unknown();
    put(with);
  }
  void put(std::uint32_t word) { to_ += word_text(word); }
  void skip() { next_word(); }

  /// A shape of four axes, 1 each, is replaced.
  void replace_shape(const std::array<std::uint32_t, 4>& with) {
    const std::size_t shape = begin("IPosition", 1);
    same(4);
    for (const std::uint32_t axis : with) replace(1, axis);
    end(shape);
  }

  void write() const {
    if (at_ != from_.size()) unknown();
    const PlacedFile file = PlacedFile::open(file_);
    file.write(0, to_.data(), to_.size());
    file.resize(to_.size());
  }

 private:
  [[noreturn]] void unknown() const {
    throw Error(ErrorKind::failed,
                "casacore has described the tiles of '" + file_ +
                    "' in a form that Skymill does not know, at byte " + std::to_string(at_),
                "take settings of tables out of ~/.casarc, such as table.endianformat; else report "
                "the version of casacore");
  }
  void need(std::size_t bytes) const {
    if (bytes > from_.size() - at_) unknown();
  }
  void copy(std::size_t bytes) {
    to_.append(from_, at_, bytes);
    at_ += bytes;
  }
  std::uint32_t next_word() {
    need(4);
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i) word = word << 8 | static_cast<unsigned char>(from_[at_++]);
    return word;
  }
  static std::string word_text(std::uint32_t word) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(word >> shift & 0xFF);
    return text;
  }

  std::string file_;
  std::string from_;
  std::string to_;
  std::size_t at_ = 0;
};

/// The length of the tile file: casacore keeps the form of 32 bits where it can.
void replace_length(HeaderWalk& walk, std::uint64_t bytes) {
  if (bytes <= std::numeric_limits<std::int32_t>::max()) {
    walk.same(1);  // version
    walk.same(0);  // number of the file
    walk.skip();
    walk.put(static_cast<std::uint32_t>(bytes));
    return;
  }
  walk.replace(1, 2);
  walk.same(0);
  walk.skip();
  walk.put(static_cast<std::uint32_t>(bytes >> 32));
  walk.put(static_cast<std::uint32_t>(bytes));
}

}  // namespace

std::size_t tile_lines(std::size_t nx, std::size_t ny) {
  const std::size_t most = std::max<std::size_t>(1, kLargestTileBytes / (nx * sizeof(float)));
  if (ny <= most) return ny;
  for (std::size_t lines = most; lines > most / 2; --lines) {
    if (ny % lines == 0) return lines;
  }
  const std::size_t tiles = (ny + most - 1) / most;
  return (ny + tiles - 1) / tiles;
}

std::string tile_file(const std::string& table) { return table + "/table.f0_TSM0"; }

void enlarge_tiles(const std::string& table, const PlaneTiles& tiles) {
  const std::array<std::uint32_t, 4> shape{static_cast<std::uint32_t>(tiles.nx),
                                           static_cast<std::uint32_t>(tiles.ny), 1,
                                           static_cast<std::uint32_t>(tiles.nchan)};
  const std::array<std::uint32_t, 4> tile{shape[0], static_cast<std::uint32_t>(tiles.lines), 1, 1};
  HeaderWalk walk(table + "/table.f0");
  walk.same(0xBEBEBEBE);
  const std::size_t all = walk.begin("TiledCellStMan", 1);
  walk.replace_shape(tile);  // of new cells
  const std::size_t manager = walk.begin("TiledStMan", 2);
  walk.same_byte(0);  // little-endian
  walk.same(0);       // number of the manager
  walk.same(1);       // rows
  walk.same(1);       // columns
  walk.any();         // type of the column
  walk.any_text();    // name of the manager
  walk.any();         // size of the cache
  walk.same(4);       // axes
  walk.same(1);       // files
  walk.same_byte(1);  // the file exists
  replace_length(walk, tiles.bytes());
  walk.same(1);         // cubes
  walk.same(1);         // version of the cube
  walk.whole_object();  // its coordinates
  walk.same_byte(0);    // not extensible
  walk.same(4);         // axes
  walk.replace_shape(shape);
  walk.replace_shape(tile);
  walk.same(0);  // number of its file
  walk.same(0);  // begin in the file
  walk.end(manager);
  walk.end(all);
  walk.write();
  const PlacedFile file = PlacedFile::open(tile_file(table));
  file.resize(0);  // the one pixel that casacore made: its value is chance
  file.resize(tiles.bytes());
}

}  // namespace skymill::radio::wall
