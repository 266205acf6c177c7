// SPDX-License-Identifier: GPL-3.0-or-later
#include "promise_words.h"

#include <cstdio>

namespace skymill {

namespace {

std::string chunk_words(const Promises& promises) {
  const std::string other = "The same data in other chunks, as under another budget of memory, ";
  if (promises.by_chunk) {
    return "Results belong to the chunk that they are made of: the same data in other chunks, as "
           "under another budget of memory, give others.";
  }
  if (promises.chunk_tolerance == 0) return other + "give the same results to the last bit.";
  char tolerance[32];
  std::snprintf(tolerance, sizeof tolerance, "%g", promises.chunk_tolerance);
  return other + "give the same results to within " + tolerance +
         " of the largest value of a column.";
}

std::string product_words(const Promises& promises) {
  if (promises.in_place) {
    return "It changes a product where it stands. Ended early, it may leave the product half "
           "changed, and the same run, started again, makes it whole; a second run leaves what the "
           "first has left, or is refused.";
  }
  return "Ended early, it leaves no product that is not whole; a second run leaves the product of "
         "the first as it is, makes the same again, or is refused.";
}

}  // namespace

std::vector<std::string> promise_words(const StageType& type) {
  const Promises& promises = type.promises;
  std::vector<std::string> words{
      "Results are the same to the last bit for any number of threads.",
      "It holds no more memory than the plan announces, which 'skymill explain' shows."};
  if (type.shape != Shape::task) words.push_back(chunk_words(promises));
  if (type.ports.input()) {
    words.push_back(promises.heeds_flags ? "What is flagged has no part in any result but its own."
                                         : "What is flagged may have a part in results.");
    words.push_back(promises.not_a_number == NotANumber::is_refused
                        ? "A value that is no number and is not flagged ends the run with an error."
                        : "A value that is no number and is not flagged does not end the run.");
  }
  if (type.ports.outputs().empty()) words.push_back(product_words(promises));
  return words;
}

}  // namespace skymill
