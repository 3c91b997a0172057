#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// The branch that the first element of a router's answer names; `wrong` says why there is none.
/// Errors: kInvalidRouting for none, or one that is no integer.
Result<int> to_route(std::optional<double> element, const std::string& wrong);

/// The first element of a TensorProto's tensor_content, whose type is the DataType `dtype`. Nothing
/// for an empty one, and for types that are no plain numbers. Source: contract/protos.md §2.
std::optional<double> first_of_content(int dtype, std::string_view content);

}  // namespace infergraph::protocol
