#pragma once

#include <array>
#include <string>

#include "engine/net/resolver.hpp"
#include "graph/call_context.hpp"
#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// Writes the heads of the requests to one node over REST.
/// Threads: any.
class RequestHead {
 public:
  /// One text for each protocol::Method.
  using Texts = std::array<std::string, protocol::kMethodCount>;

  /// `status_path` is kStatus's; "" for the protocol's.
  RequestHead(protocol::Protocol protocol, std::string model, const std::string& status_path,
              const AddressBook& book);

  static bool has_body(protocol::Method method);

  /// "host:port", as the header Host has it.
  const std::string& host() const { return host_; }
  /// What is asked for of the node's own model.
  const Texts& paths() const { return paths_; }
  /// What a call asks for: the caller may name another model of the node, or a version. It holds no
  /// segment "." or "..", whatever he calls it.
  std::string path(protocol::Method method, const graph::CallContext& context) const;

  /// Makes `head` that of a call. `target` stands for the path, unless it is empty.
  void write(std::string& head, protocol::Method method, const protocol::Payload& payload,
             const graph::CallContext& context, const std::string& target) const;

 private:
  bool asks_own_path(const graph::CallContext& context) const;
  void write_line(std::string& head, protocol::Method method, const graph::CallContext& context,
                  const std::string& target) const;

  protocol::Protocol protocol_;
  std::string model_;
  std::string host_;
  Texts paths_;
  Texts lines_;  // request line and Host
};

}  // namespace infergraph::engine
