// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <core/data_kind.h>
#include <core/export.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace skymill {

/// The value of a property of the data on a port, such as `calibrated = true`.
using PropertyValue = std::variant<bool, std::int64_t, double, std::string>;

/// The value as text: `true`, `16`, `1.4e+09`, `LSRK`.
SKYMILL_API std::string property_text(const PropertyValue& value);

/// What flows through a port, known before any data is read.
class SKYMILL_API PortSpec {
 public:
  DataKind kind{};
  std::vector<std::string> axes;
  std::vector<std::string> columns;
  std::map<std::string, PropertyValue> properties;

  /// Worst case of one chunk's bytes.
  std::size_t chunk_bytes = 0;
  /// Number of chunks expected; 0 when not known.
  std::size_t chunks = 0;

  /// Attaches what downstream stages must know of the whole data set, such as antennas.
  template <class T>
  void set_header(std::shared_ptr<const T> header) {
    header_kind_ = DataKindOf<T>::value;
    header_ = std::move(header);
  }
  /// The attached header. @throws Error when there is none or it is of another kind
  template <class T>
  std::shared_ptr<const T> header() const {
    require_header(DataKindOf<T>::value);
    return std::static_pointer_cast<const T>(header_);
  }

 private:
  void require_header(DataKind wanted) const;

  DataKind header_kind_{};
  std::shared_ptr<const void> header_;
};

/// Numbers from `least` to `most`, both included; none before it is set.
struct NumberRange {
  double least = 1;
  double most = 0;
  bool is_set() const { return least <= most; }
};

/// A property that an input must have.
struct Requirement {
  std::string property;
  std::vector<PropertyValue> any_of;  ///< one of these values, or
  NumberRange range;                  ///< a number within these limits
  std::string because;                ///< "gridder: idg"; may be empty
  std::string hint;                   ///< what to do; may be empty
};

/// What an input accepts.
struct PortNeed {
  DataKind kind{};
  std::vector<std::string> axes;
  std::vector<std::string> columns;
  std::vector<Requirement> requirements;
};

/// One reason why an output does not fit an input.
struct Mismatch {
  std::string needs;
  std::string has;
  std::string hint;
};

/// All reasons why `given` does not satisfy `need`; empty when it fits.
SKYMILL_API std::vector<Mismatch> match(const PortNeed& need, const PortSpec& given);

/// The ports of a stage type, as `skymill describe` shows them.
class SKYMILL_API Ports {
 public:
  struct Port {
    std::string name;
    PortNeed need;  ///< of outputs the kind, and columns where they are fixed
    std::string doc;
    bool optional = false;
  };

  /// The streamed input; a stage has at most one.
  Ports& in(PortNeed need, std::string doc = {});
  /// A small, complete input that must be finished before the stage starts.
  Ports& side(std::string name, PortNeed need, std::string doc = {}, bool optional = false);
  /// An output.
  Ports& out(std::string name, DataKind kind, std::string doc = {});
  /// An output whose columns are the same whatever the parameters are.
  Ports& out(std::string name, DataKind kind, std::string doc, std::vector<std::string> columns);

  /// The streamed input, or null where there is none.
  const Port* input() const { return has_input_ ? &input_ : nullptr; }
  const std::vector<Port>& sides() const { return sides_; }
  const std::vector<Port>& outputs() const { return outputs_; }

 private:
  bool has_input_ = false;
  Port input_;
  std::vector<Port> sides_;
  std::vector<Port> outputs_;
};

}  // namespace skymill
