// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stages/data/visibilities.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace skymill::radio {

/// What the rows of one set are called in the whole: new numbers, by old ones.
struct NewNumbers {
  std::vector<std::int32_t> antenna;
  std::vector<std::int32_t> field;
  std::vector<std::int32_t> observation;
  std::vector<std::int32_t> state;
  std::vector<std::int32_t> description;
};

/// Several sets seen as one.
struct JoinedObservations {
  std::shared_ptr<const ObservationHeader> header;
  std::vector<NewNumbers> numbers;  ///< [set], as given
  std::vector<std::size_t> order;   ///< of the sets, in time
};

/// Joins the headers of sets of one telescope that differ in frequency, in time or in both.
///
/// Antennas of the same name and station within 0.1 m of each other are one: positions in sets of
/// one array differ by corrections of centimetres, other stations are metres away. Spectral windows
/// are one when their channels are equal to rounding or a millionth of a channel; fields, when
/// their names are equal and their directions within 1e-9 rad; observations and states, when all of
/// them is equal. What differs is kept apart. Of one set nothing is merged.
/// @param sets at least one; their rows and times are those selected
/// @throws Error (input) when telescopes differ, or sets share a spectral window and overlap in
///         time; it names both
JoinedObservations join_observations(
    const std::vector<std::shared_ptr<const ObservationHeader>>& sets);

/// Gives the numbers of a set's rows in the whole. Rows of a set that says nothing of states get -1
/// where others have some.
/// @throws Error (input) when a row names no observation or state of its set
void renumber(Visibilities& rows, const NewNumbers& numbers, const ObservationHeader& whole);

}  // namespace skymill::radio
