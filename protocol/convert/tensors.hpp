#pragma once

#include "protocol/convert/convert.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::protocol {

/// The tensors of a message as a target wants them: present, named and typed.

/// Makes tensors of text and bytes: one string, which is what the other protocols have for it.
/// Errors: kInvalidArgument for what has no place in protocol `target`.
Result<void> to_tensors(Message& message, Protocol target);

/// Gives a request's tensors the names that the model knows them by.
void name_inputs(Message& message, const Target& target, bool same_protocol);
/// The same for an answer: what was asked for, or what the model calls it.
void name_outputs(Message& message, const Target& target, const RequestTraits& traits);

/// Gives each tensor the type of the model's metadata, or one that holds its numbers; where JSON is
/// written that has no types, they may stay the text that they came as. Errors: kInvalidArgument.
Result<void> type_tensors(Message& message, const Target& target);

/// Keeps the one output that counts, under the name that it has behind the model.
/// Errors: kInvalidArgument: there is no such output.
Result<void> pick_outputs(Message& message, const ModelProfile& model);

}  // namespace infergraph::protocol
