// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace skymill::radio {

/// Makes `to` a symbolic link that leads to the folder `from`. @throws Error (failed, resources)
void lead_to_folder(const std::string& from, const std::string& to);

/// Moves the folder `from` to where a link leads to it: the two change places in one step, so that
/// `to` always is the folder or leads to it, and then the link goes. On file systems that cannot
/// exchange names there is a moment in which the folder is called `<to>.moving`.
/// @throws Error (failed) with both as they were
void move_over_link(const std::string& from, const std::string& to);

/// Undoes move_over_link(), where it was done. @return whether the folder is where it was
bool move_back(const std::string& from, const std::string& to) noexcept;

/// Removes what move_over_link() leaves at `from` when it is ended just before its end: a link to
/// itself.
void remove_empty_link(const std::string& from) noexcept;

/// A folder and the place in a cube's folder to which it is to move.
struct Move {
  std::string from;
  std::string to;
};

/// The members of a virtual cube that were still to be moved into its folder when a run was ended;
/// empty when no run was, also for what is no virtual cube. Of a folder called `<to>.moving` the
/// two are the same.
std::vector<Move> unfinished_moves(const std::string& cube);

/// Does what is left of such a move, to where a link leads already. @throws Error (failed,
/// resources)
void finish_move(const Move& move);

/// @throws Error (failed) when nothing can be moved from `from` to the folder of `to`
void require_same_disk(const std::string& from, const std::string& to);

/// Waits until a file or folder is safe on its disk (fsync).
void make_durable(const std::string& path);

}  // namespace skymill::radio
