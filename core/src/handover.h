// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace skymill {

#if defined(__SANITIZE_THREAD__)
inline char closures_made = 0;  ///< only its address counts
#endif

/// One thread's turn at what TBB hands from thread to thread: parcels between filters, and the
/// state of a serial filter. TBB's library orders the turns, but is not built with the thread
/// sanitizer, which therefore has to be told; else this is nothing.
class Turn {
 public:
  explicit Turn([[maybe_unused]] const void* at) {
#if defined(__SANITIZE_THREAD__)
    at_ = const_cast<void*>(at);
    if (at_) __tsan_acquire(at_);
#endif
  }
  ~Turn() {
#if defined(__SANITIZE_THREAD__)
    if (at_) __tsan_release(at_);
#endif
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

#if defined(__SANITIZE_THREAD__)
 private:
  void* at_;
#endif
};

/// The end of a filter's work, of which the pass hears when all filters are done.
class WorkOfPass {
 public:
  explicit WorkOfPass([[maybe_unused]] const void* pass) {
#if defined(__SANITIZE_THREAD__)
    pass_ = const_cast<void*>(pass);
#endif
  }
  ~WorkOfPass() {
#if defined(__SANITIZE_THREAD__)
    __tsan_release(pass_);
#endif
  }
  WorkOfPass(const WorkOfPass&) = delete;
  WorkOfPass& operator=(const WorkOfPass&) = delete;

#if defined(__SANITIZE_THREAD__)
 private:
  void* pass_;
#endif
};

/// Called before a pass starts its filters, whose closures other threads read then.
inline void closures_are_made() {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(&closures_made);
#endif
}

/// Called first in a filter, before its closure is read.
inline void read_closure() {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(&closures_made);
#endif
}

}  // namespace skymill
