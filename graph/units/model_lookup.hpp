#pragma once

#include <list>
#include <memory>

#include "base/async/event.hpp"
#include "base/deadline.hpp"
#include "graph/call_context.hpp"
#include "graph/node_client.hpp"
#include "graph/units/lookup_turns.hpp"
#include "protocol/protocol.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::graph {

/// What is known of a node's model: what its unit says, and inputs and outputs from the server's
/// own metadata, asked for when they are needed first, and again when they are old or proved wrong.
/// Who asks and who waits is LookupTurns' to say; here it is asked, and waited.
///
/// Threads: one, its unit's; requests interleave.
class ModelLookup {
 public:
  using Profile = std::shared_ptr<const protocol::ModelProfile>;

  ModelLookup(protocol::Protocol protocol, protocol::ModelProfile given);

  /// Without asking.
  const Profile& given() const { return given_; }

  /// With the signature, if the server tells one; metadata that can't be had is no error: then
  /// nothing more is known. Asks only when what is known is old.
  Awaitable<Profile> find(NodeClient& client, protocol::Transport transport, CallContext& context);

  /// Asks again after a call by `used` was refused. True when the server says something else now.
  Awaitable<bool> has_changed(const Profile& used, NodeClient& client,
                              protocol::Transport transport, CallContext& context);

 private:
  // Asks, or waits for who does so.
  Awaitable<void> look_up(NodeClient& client, protocol::Transport transport, CallContext& context);
  Awaitable<void> ask(NodeClient& client, protocol::Transport transport, CallContext& context,
                      Deadline until);
  void wake();

  protocol::Protocol protocol_;
  Profile given_;
  Profile known_;
  LookupTurns turns_;
  std::list<Event> waiting_;  // here, so that who waits goes with what he waits for
};

}  // namespace infergraph::graph
