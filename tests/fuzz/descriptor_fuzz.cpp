// SPDX-License-Identifier: GPL-3.0-or-later
// Feeds arbitrary bytes to the description reader and the schema: whatever comes, there are
// diagnostics or a description, never a crash or another exception.
// The first line, up to a line break, is taken for `--param` and `--set` texts.
#include <core/params.h>
#include <core/units.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../unit/core_params/clip_params.h"
#include "descriptor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skymill;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = std::min(bytes.find('\n'), bytes.size());
  const std::string first(bytes.substr(0, line_end));
  const std::string_view text = bytes.substr(std::min(line_end + 1, bytes.size()));

  static const auto schema = all_schema();
  Diagnostics diagnostics;
  const Descriptor descriptor = read_descriptor_text(
      "fuzz", text, {{first, "size=" + first}, {first, "a.x=" + first}}, diagnostics);
  for (const StageEntry& stage : descriptor.stages) {
    AllParams params;
    std::vector<ResolvedValue> resolved;
    if (schema.SchemaBase::parse(stage.settings, &params, stage.where, diagnostics, &resolved))
      schema.key_text(params);
  }
  diagnostics.text();
  for (const char* unit : {"rad", "B", "Hz", ""}) {
    try {
      format_quantity(parse_quantity(first, unit), unit);
    } catch (const QuantityError&) {
      continue;
    }
  }
  return 0;
}
