// SPDX-License-Identifier: GPL-3.0-or-later
// A plugin of an earlier interface: its tag differs, and loading it would leave a trace.
#include <cstdlib>

namespace {

struct Trace {
  Trace() { ::setenv("SKYMILL_TEST_STALE_PLUGIN_RAN", "1", 1); }
};
const Trace trace;

}  // namespace

extern "C" {
__attribute__((section("skymill.abi.0.libstdcxx_cxx11_release"))) extern const char
    skymill_abi_tag[];
__attribute__((used)) const char skymill_abi_tag[] = "0.libstdcxx_cxx11_release";
}
