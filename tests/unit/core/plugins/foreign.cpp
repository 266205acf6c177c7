// SPDX-License-Identifier: GPL-3.0-or-later
// A shared library that has nothing to do with us.
extern "C" int foreign_library_answer() { return 42; }
