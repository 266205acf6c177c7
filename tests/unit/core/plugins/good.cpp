// SPDX-License-Identifier: GPL-3.0-or-later
#include <core/plugin.h>

namespace {

struct DoubleParams {
  int factor = 2;
};

/// Multiplies integers.
class Multiply final : public skymill::Transform<int, int> {
 public:
  using Params = DoubleParams;
  static skymill::Schema<DoubleParams> schema() {
    skymill::Schema<DoubleParams> s{"Multiply integers."};
    s.field("factor", &DoubleParams::factor, "What to multiply by");
    return s;
  }
  static skymill::Ports ports() {
    skymill::PortNeed need;
    need.kind = skymill::DataKindOf<int>::value;
    return skymill::Ports().in(need).out("out", skymill::DataKindOf<int>::value);
  }
  explicit Multiply(DoubleParams params) : params_(params) {}
  skymill::Chunk<int> operator()(skymill::Chunk<int> chunk,
                                 const skymill::PipelineContext&) const override {
    return skymill::Chunk<int>(*chunk * params_.factor, chunk.span());
  }

 private:
  DoubleParams params_;
};

}  // namespace

SKYMILL_PLUGIN(registry) { registry.add<Multiply>("multiply"); }
