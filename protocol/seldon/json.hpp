#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/payload.hpp"
#include "protocol/seldon/route_oddity.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What the walk itself has to read and write of seldon's JSON. A message is never decoded as a
/// whole: each function finds its few values and copies the rest as it stands.
/// Source: docs/wire/seldon.md §1, §3, §4, §6, §7. Threads: any.

/// The branch in a router's answer: the first element of data.ndarray ([[k]] or [k]), data.tensor
/// or data.tftensor of a SeldonMessage, or of a bare JSON array, cut to its whole part; −1 for a
/// `data` with nothing in it. `oddity`, unless it is null, tells when it was not as it should be.
/// Errors: kInvalidRouting when there is no such element; kBadUpstream for what isn't JSON.
Result<int> read_route(std::string_view json, RouteOddity* oddity = nullptr);

/// response.meta.routing of a Feedback: node name to branch; empty when absent. Takes numbers, and
/// strings of one as proto3 JSON does.
/// Errors: kInvalidArgument for malformed JSON, and, with its path, for what isn't an integer.
Result<std::map<std::string, int>> read_feedback_routing(std::string_view json);

/// Branches taken: node name to branch.
using RoutingEntries = std::span<const std::pair<std::string_view, int>>;

/// `json` with `routing` set in its meta.routing, whose other entries stay; every other byte as it
/// stands. A text that has no top-level object with a `meta` object, or is no JSON, comes back
/// unchanged, as does any text for an empty `routing`.
Result<std::string> with_routing(std::string_view json, RoutingEntries routing);

/// The body of an aggregate call: a JSON array of the children's bodies, which are not looked at.
/// Errors: kInvalidCombination, with the child's index, for a body of nothing but white space.
Result<std::string> join_array(std::span<const Payload> bodies);
/// The same as {"seldonMessages":[…]}, a SeldonMessageList, which is what Seldon's wrapper took
/// before 1.1 (docs/wire/seldon.md §4).
Result<std::string> join_messages(std::span<const Payload> bodies);

/// {"status":{"code":503,"info":"…","reason":"…","status":"FAILURE"}}
std::string write_status(int http_code, std::string_view info, std::string_view reason);

}  // namespace infergraph::protocol
