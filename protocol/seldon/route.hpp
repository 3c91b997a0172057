#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/seldon/route_oddity.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// The branch that the first element of a router's answer names; `wrong` says why there is none.
/// What is odd about it is told by `oddity`.
/// Errors: kInvalidRouting for none, and for one that isn't a number that an int holds.
Result<int> to_route(std::optional<double> element, const std::string& wrong, RouteOddity* oddity);

/// The branch that an answer without data means: all children, as in the reference.
int route_without_data(RouteOddity* oddity);

/// The first element of a TensorProto's tensor_content, whose type is the DataType `dtype`. Nothing
/// for an empty one, and for types that are no plain numbers. Source: docs/wire/tensorflow.md §8.
std::optional<double> first_of_content(int dtype, std::string_view content);

}  // namespace infergraph::protocol
