// SPDX-License-Identifier: GPL-3.0-or-later
// Kept in the common subset of C++17 and C++20: the casacore wall (stages/ms) includes it.
#pragma once

#include <core/export.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace skymill {

/// One thread that owns things which are not thread-safe, such as a casacore table.
///
/// Work is done in the order in which it was handed over. Functions that must run in a lane take a
/// `const Lane::Token&`; only a lane's own thread can make one, so a call from elsewhere does not
/// compile (architecture.md 3.9).
class SKYMILL_API Lane {
 public:
  /// Proof that the caller runs on a lane's thread.
  class Token {
   public:
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;

   private:
    friend class Lane;
    Token() = default;
  };

  explicit Lane(std::string name);
  /// Finishes what was handed over, then joins the thread.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  const std::string& name() const noexcept;

  /// Hands over work and returns at once; the work must not throw.
  void post(std::function<void(const Token&)> work);

  /// Runs `work(token)` on the lane's thread, waits for it and returns its result.
  /// Called from the lane itself it runs at once, so nested calls cannot lock up.
  template <class F>
  auto run(F&& work) -> std::invoke_result_t<F, const Token&> {
    using Result = std::invoke_result_t<F, const Token&>;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result>) {
      run_and_wait([&](const Token& token) { work(token); }, failure);
      if (failure) std::rethrow_exception(failure);
    } else {
      std::optional<Result> result;
      run_and_wait([&](const Token& token) { result.emplace(work(token)); }, failure);
      if (failure) std::rethrow_exception(failure);
      return std::move(*result);
    }
  }

 private:
  void run_and_wait(const std::function<void(const Token&)>& work, std::exception_ptr& failure);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The lanes of a run, one per key; two stages that name the same key share the lane and are
/// thereby serialised.
class SKYMILL_API Lanes {
 public:
  Lanes();
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// The lane of this key, made at first use.
  std::shared_ptr<Lane> get(const std::string& key);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymill
