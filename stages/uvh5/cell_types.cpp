// SPDX-License-Identifier: GPL-3.0-or-later
#include "cell_types.h"

#include <complex>
#include <cstring>
#include <limits>
#include <type_traits>

namespace skymill::radio::hdf5 {

namespace {

/// An axis of a box; those of one cell are left out and neighbours without a gap made one.
struct Run {
  std::size_t cells = 1;
  std::size_t from = 1;
  std::size_t into = 1;
};

struct Runs {
  std::array<Run, 4> axis;  ///< the slowest first
};

Runs merged(const Axes& from_step, const Axes& into_step, const Axes& size) {
  Runs runs;
  std::size_t used = 0;  // from the back
  for (std::size_t k = size.size(); k-- > 0;) {
    if (size[k] == 1) continue;
    if (used > 0) {
      Run& inner = runs.axis[4 - used];
      if (from_step[k] == inner.cells * inner.from && into_step[k] == inner.cells * inner.into) {
        inner.cells *= size[k];
        continue;
      }
    }
    runs.axis[4 - ++used] = {size[k], from_step[k], into_step[k]};
  }
  return runs;
}

/// As HDF5 converts: what does not fit becomes the nearest that does.
template <class From, class To>
To converted(From value) {
  if constexpr (std::is_same_v<From, std::uint64_t> && std::is_same_v<To, std::int64_t>) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    return value > static_cast<std::uint64_t>(kMost) ? kMost : static_cast<std::int64_t>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <class From, class To, std::size_t kNumbers>
void copy_line(const std::uint8_t* from, std::uint8_t* into, const Run& run) {
  constexpr std::size_t kFrom = sizeof(From) * kNumbers, kInto = sizeof(To) * kNumbers;
  if constexpr (std::is_same_v<From, To>) {
    if (run.from == 1 && run.into == 1) {
      std::memcpy(into, from, run.cells * kFrom);
      return;
    }
  }
  for (std::size_t k = 0; k < run.cells; ++k) {
    std::array<From, kNumbers> stored;
    std::array<To, kNumbers> wanted;
    std::memcpy(stored.data(), from + k * run.from * kFrom, kFrom);
    for (std::size_t n = 0; n < kNumbers; ++n) wanted[n] = converted<From, To>(stored[n]);
    std::memcpy(into + k * run.into * kInto, wanted.data(), kInto);
  }
}

template <class From, class To, std::size_t kNumbers>
void copy(const std::uint8_t* from, std::uint8_t* into, const Runs& runs) {
  constexpr std::size_t kFrom = sizeof(From) * kNumbers, kInto = sizeof(To) * kNumbers;
  const auto& [a, b, c, line] = runs.axis;
  for (std::size_t i = 0; i < a.cells; ++i) {
    for (std::size_t j = 0; j < b.cells; ++j) {
      for (std::size_t k = 0; k < c.cells; ++k) {
        copy_line<From, To, kNumbers>(from + (i * a.from + j * b.from + k * c.from) * kFrom,
                                      into + (i * a.into + j * b.into + k * c.into) * kInto, line);
      }
    }
  }
}

template <class To, std::size_t kNumbers>
void copy_from(Stored stored, const std::uint8_t* from, std::uint8_t* into, const Runs& runs) {
  switch (stored) {
    case Stored::f4:
      return copy<float, To, kNumbers>(from, into, runs);
    case Stored::f8:
      return copy<double, To, kNumbers>(from, into, runs);
    case Stored::i1:
      return copy<std::int8_t, To, kNumbers>(from, into, runs);
    case Stored::i2:
      return copy<std::int16_t, To, kNumbers>(from, into, runs);
    case Stored::i4:
      return copy<std::int32_t, To, kNumbers>(from, into, runs);
    case Stored::i8:
      return copy<std::int64_t, To, kNumbers>(from, into, runs);
    case Stored::u1:
      return copy<std::uint8_t, To, kNumbers>(from, into, runs);
    case Stored::u2:
      return copy<std::uint16_t, To, kNumbers>(from, into, runs);
    case Stored::u4:
      return copy<std::uint32_t, To, kNumbers>(from, into, runs);
    case Stored::u8:
      return copy<std::uint64_t, To, kNumbers>(from, into, runs);
  }
}

/// The number type of an atomic type of the library.
std::optional<Stored> number_type(hid_t type) {
  struct Known {
    hid_t type;
    Stored stored;
  };
  const Known known[] = {{H5T_IEEE_F32LE, Stored::f4}, {H5T_IEEE_F64LE, Stored::f8},
                         {H5T_STD_I8LE, Stored::i1},   {H5T_STD_I16LE, Stored::i2},
                         {H5T_STD_I32LE, Stored::i4},  {H5T_STD_I64LE, Stored::i8},
                         {H5T_STD_U8LE, Stored::u1},   {H5T_STD_U16LE, Stored::u2},
                         {H5T_STD_U32LE, Stored::u4},  {H5T_STD_U64LE, Stored::u8}};
  for (const Known& one : known) {
    if (H5Tequal(type, one.type) > 0) return one.stored;
  }
  return std::nullopt;
}

/// Of a compound {r, i} without room between or after them.
std::optional<Stored> parts_type(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 2) return std::nullopt;
  const int r = H5Tget_member_index(type, "r"), i = H5Tget_member_index(type, "i");
  if (r < 0 || i < 0) return std::nullopt;
  const Handle real(H5Tget_member_type(type, static_cast<unsigned>(r)), H5Tclose);
  const Handle imaginary(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose);
  const std::size_t bytes = H5Tget_size(real.id());
  if (H5Tequal(real.id(), imaginary.id()) <= 0 || H5Tget_size(type) != 2 * bytes ||
      H5Tget_member_offset(type, static_cast<unsigned>(r)) != 0 ||
      H5Tget_member_offset(type, static_cast<unsigned>(i)) != bytes) {
    return std::nullopt;
  }
  return number_type(real.id());
}

bool is_real(Stored stored) { return stored == Stored::f4 || stored == Stored::f8; }

}  // namespace

std::size_t bytes_of(CellType type) {
  switch (type) {
    case CellType::complex_float:
    case CellType::real_double:
    case CellType::integer:
      return 8;
    case CellType::real_float:
      return 4;
    case CellType::byte:
      return 1;
  }
  return 1;
}

Handle memory_type(CellType type, hid_t dataset) {
  switch (type) {
    case CellType::complex_float: {
      Handle made(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<float>)), H5Tclose);
      H5Tinsert(made.id(), "r", 0, H5T_NATIVE_FLOAT);
      H5Tinsert(made.id(), "i", sizeof(float), H5T_NATIVE_FLOAT);
      return made;
    }
    case CellType::real_float:
      return {H5Tcopy(H5T_NATIVE_FLOAT), H5Tclose};
    case CellType::real_double:
      return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
    case CellType::integer:
      return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
    case CellType::byte:
      break;
  }
  return {H5Dget_type(dataset), H5Tclose};
}

std::optional<Stored> stored_numbers(hid_t dataset, CellType type) {
  const Lock lock;
  const Handle made(H5Dget_type(dataset), H5Tclose);
  if (type == CellType::byte) {
    // Enumerations such as h5py's bool, bit fields and numbers alike.
    return H5Tget_size(made.id()) == 1 ? std::optional(Stored::u1) : std::nullopt;
  }
  const auto stored =
      type == CellType::complex_float ? parts_type(made.id()) : number_type(made.id());
  if (stored && type == CellType::integer && is_real(*stored)) return std::nullopt;
  return stored;
}

bool same_numbers(Stored stored, CellType type) {
  switch (type) {
    case CellType::complex_float:
    case CellType::real_float:
      return stored == Stored::f4;
    case CellType::real_double:
      return stored == Stored::f8;
    case CellType::integer:
      return stored == Stored::i8;
    case CellType::byte:
      return stored == Stored::u1;
  }
  return false;
}

void copy_box(Stored stored, CellType type, const std::uint8_t* from, const Axes& from_step,
              void* into, const Axes& into_step, const Axes& size) {
  const Runs runs = merged(from_step, into_step, size);
  auto* const to = static_cast<std::uint8_t*>(into);
  switch (type) {
    case CellType::complex_float:
      return copy_from<float, 2>(stored, from, to, runs);
    case CellType::real_float:
      return copy_from<float, 1>(stored, from, to, runs);
    case CellType::real_double:
      return copy_from<double, 1>(stored, from, to, runs);
    case CellType::integer:
      return copy_from<std::int64_t, 1>(stored, from, to, runs);
    case CellType::byte:
      return copy_from<std::uint8_t, 1>(stored, from, to, runs);
  }
}

}  // namespace skymill::radio::hdf5
