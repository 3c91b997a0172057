#pragma once

#include <string>
#include <string_view>

#include "protocol/json/json.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// A member of the object that a body of TensorFlow's REST API is. Borrows: the body.
struct TensorflowMember {
  std::string_view key;  ///< as written, between its quotes
  std::string_view text;
  json::Kind kind = json::Kind::kNull;

  bool is_there() const { return !text.empty(); }
};

/// What such a body has; of several members of one name the last.
struct TensorflowMembers {
  TensorflowMember signature_name;
  TensorflowMember instances;
  TensorflowMember inputs;
  TensorflowMember predictions;
  TensorflowMember outputs;
  TensorflowMember error;

  /// What the member `error` says; "" when there is none.
  std::string error_text() const;
};

/// Reads the whole body, which is well-formed JSON from then on. Errors: kInvalidArgument for what
/// is malformed, or no object.
Result<TensorflowMembers> find_tensorflow_members(std::string_view body);

/// The `signature_name` of a request, "" when there is none. Errors: kInvalidArgument when it is no
/// string, or none of UTF-8.
Result<std::string> read_signature_name(const TensorflowMembers& members);

}  // namespace infergraph::protocol
