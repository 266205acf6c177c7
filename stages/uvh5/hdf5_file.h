// SPDX-License-Identifier: GPL-3.0-or-later
// Private to stages/uvh5.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymill::radio::hdf5 {

/// Held around every call of HDF5, which is not made for many threads. The first holder registers
/// the filters that we undo; HDF5's own messages are kept silent.
class Lock {
 public:
  Lock();

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};

/// An identifier of HDF5 with the function that closes it. Made and closed under `Lock`.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(std::exchange(other.close_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = std::exchange(other.close_, nullptr);
    }
    return *this;
  }

  hid_t id() const { return id_; }
  bool valid() const { return id_ >= 0; }
  void reset() {
    if (id_ < 0) return;
    const Lock lock;
    close_(std::exchange(id_, -1));
  }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

/// An open file that names itself and the data set in every error.
/// Paths inside it are written `Header/time_array`.
class File {
 public:
  /// @throws Error (input) when it is missing, unreadable, no HDF5 or cut short
  static File open(const std::string& path);
  /// @throws Error (failed) when it exists or cannot be made
  static File create(const std::string& path);

  const std::string& path() const { return path_; }
  hid_t id() const { return handle_.id(); }
  void close() { handle_.reset(); }

  bool has(const std::string& name) const;
  /// Names of the members of a group.
  std::vector<std::string> members(const std::string& group) const;
  /// @throws Error (input) when it is missing or no data set
  Handle dataset(const std::string& name, hid_t access = H5P_DEFAULT) const;
  std::vector<hsize_t> shape(const std::string& name) const;

  /// All elements, converted to the type. @throws Error (input)
  std::vector<double> reals(const std::string& name) const;
  std::vector<std::int64_t> integers(const std::string& name) const;
  /// Texts of fixed or variable length, without padding.
  std::vector<std::string> texts(const std::string& name) const;

  /// The same for a data set of one element, or of many: the first.
  double real(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  std::string text(const std::string& name) const;
  /// h5py's bool, or any number of one byte.
  bool boolean(const std::string& name) const;
  /// Nothing when the data set is missing or empty.
  std::optional<std::string> maybe_text(const std::string& name) const;
  std::optional<double> maybe_real(const std::string& name) const;

  /// Elements [first, first + count) of the first axis, all of the others.
  /// @param into  room for them, in `type`
  void read_rows(hid_t dataset, const std::string& name, hsize_t first, hsize_t count, hid_t type,
                 void* into) const;

  /// An Error (input) about this file: `'x.uvh5': <what>`.
  [[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) const;

 private:
  template <class T>
  std::vector<T> numbers(const std::string& name, hid_t type) const;

  std::string path_;
  Handle handle_;
};

}  // namespace skymill::radio::hdf5
