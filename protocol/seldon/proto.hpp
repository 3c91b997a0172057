#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "protocol/payload.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What the walk itself has to read and write of seldon's messages on the wire; the counterparts
/// of codec/seldon_json.hpp. Source: docs/wire/seldon.md §1. Threads: any.

/// The branch in a router's answer, a SeldonMessage: the first element of data.ndarray ([[k]] or
/// [k]), data.tensor or data.tftensor, as read_route reads it.
/// Errors: kInvalidRouting when there is no such element; kBadUpstream for a malformed message.
Result<int> read_route_proto(std::string_view wire, RouteOddity* oddity = nullptr);

/// response.meta.routing of a Feedback: node name to branch; empty when absent. Nothing else is
/// looked into. Errors: kInvalidArgument for a malformed message.
Result<std::map<std::string, int>> read_feedback_routing_proto(std::string_view wire);

/// A SeldonMessage with `routing` set in its meta.routing, whose other entries stay, as do unknown
/// fields. One without meta, or malformed, comes back unchanged.
std::string with_routing_proto(std::string_view wire, RoutingEntries routing);

/// The SeldonMessageList of an aggregate call, as a PieceList of the children's messages, which are
/// neither looked at nor copied; an empty one is a message without fields. Errors:
/// kInvalidCombination for more than 2 GiB, the most that a message may have.
Result<Payload> join_list_proto(std::span<const Payload> messages);

/// SeldonModelMetadataRequest.name. Errors: kInvalidArgument for a malformed message.
Result<std::string> read_metadata_name(std::string_view wire);

}  // namespace infergraph::protocol
