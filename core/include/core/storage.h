// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/export.h>
#include <core/tier.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace skymill {

/// A product in the making: a file or a directory under `<final path>.partial`, removed again
/// unless it is published.
///
/// A lock beside it keeps a second run off; a `.partial` that no run holds is left over from a
/// crash and is removed first.
class SKYMILL_API Draft {
 public:
  /// @param overwrite  whether publishing may replace a product that exists
  /// @throws Error when the final path exists (and may not be replaced), its folder cannot be made
  ///         or written, or another run is making the same product
  explicit Draft(std::string final_path, bool overwrite = false);
  /// A draft that is written on a tier, in `space`, which goes with it.
  /// @param between called before every block that publishing copies; may throw to give up
  /// @throws Error as above
  Draft(std::string final_path, bool overwrite, Space space, std::function<void()> between = {});
  /// Takes up a draft beside its final place that an earlier run has kept.
  /// @throws Error as above, or when there is none
  static Draft take_up(std::string final_path, bool overwrite = false);
  ~Draft();
  Draft(Draft&&) noexcept;
  Draft& operator=(Draft&&) noexcept;

  /// Where to write; nothing exists there yet, unless it was taken up.
  const std::string& path() const;
  const std::string& final_path() const;

  /// Lets the draft stay as it is when it is not published, for `take_up`.
  void keep();

  /// Says early that a staged draft has outgrown its space; a walk over its files.
  /// @throws Error (resources) with what was leased and what is used
  void check_space() const;

  /// Makes the draft durable (fsync) and gives it its final name by one rename.
  /// A product that is replaced is exchanged in the same step and then removed.
  /// A draft on another file system is first copied to `<final path>.partial`, read back and
  /// compared, bytes and checksum of every file; then its space is given back.
  /// @throws Error when something of that name has appeared meanwhile, the space was outgrown, or
  ///         the disk refuses; the final path is then as it was
  void publish();

 private:
  struct Impl;
  explicit Draft(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Refuses work for which the file system has no room.
/// @throws Error (resources) naming the folder, what is asked and what is free
SKYMILL_API void require_space(const std::string& path, std::size_t bytes, const std::string& what);

/// Bytes of a file, or of all files below a directory.
SKYMILL_API std::size_t bytes_on_disk(const std::string& path);

/// A folder for temporary files, removed with all it holds on every way out.
class SKYMILL_API Scratch {
 public:
  /// Makes an empty folder of its own below `root`.
  Scratch(const std::string& root, const std::string& purpose);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A folder of temporary files, on a tier or not.
class SKYMILL_API ScratchFolder {
 public:
  explicit ScratchFolder(Space space) : space_(std::move(space)) {}
  ScratchFolder(const std::string& root, const std::string& purpose)
      : folder_(std::in_place, root, purpose) {}

  const std::string& path() const { return space_ ? space_->path() : folder_->path(); }
  /// Name of the tier; empty for none.
  std::string tier() const { return space_ ? space_->tier() : std::string(); }

 private:
  std::optional<Space> space_;
  std::optional<Scratch> folder_;
};

}  // namespace skymill
