#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/factory.hpp"
#include "graph/node_client.hpp"
#include "graph/server_finder.hpp"

namespace infergraph::engine {

/// Looks for TensorFlow Serving, behind its proxy or under another name: asks it for the model's
/// status, under each name that it may have, over each transport, in the background and for each
/// node by itself. What it finds is in the nodes' FoundServers.
///
/// Threads: that which runs `control`.
class ServerWatch {
 public:
  struct Server {
    std::string node;
    std::vector<std::string> names;  ///< of its model; the first is what it should be called
    bool has_proxy = false;          ///< that is called while the server isn't found
    std::shared_ptr<graph::FoundServer> found;
    std::shared_ptr<AddressBook> rest;  ///< null: not looked for
    std::shared_ptr<AddressBook> grpc;  ///< likewise
  };
  struct Options {
    std::chrono::milliseconds timeout{1000};   ///< of one look
    std::chrono::milliseconds interval{1000};  ///< between two, of a server that was found
    std::chrono::milliseconds shortest{100};   ///< of one that wasn't; longer by and by
  };

  /// `nodes` makes who asks; borrowed until this has been made. `changed` is called after every
  /// change of a FoundServer.
  ServerWatch(IoThread& control, std::vector<Server> servers, Options options,
              const NodeFactory& nodes, std::function<void()> changed);
  /// Ends the looks; `control` must not be running.
  ~ServerWatch();
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;

  void start();

 private:
  struct Look;

  Awaitable<void> watch(Look& look);
  Awaitable<std::vector<graph::ServerLook>> look_at(Look& look);
  void tell(const Look& look, int before, int now) const;
  void take(Look& look, const std::vector<graph::ServerLook>& seen);

  IoThread& control_;
  Options options_;
  std::function<void()> changed_;
  std::vector<std::unique_ptr<Look>> looks_;
  std::size_t watching_ = 0;
  bool ending_ = false;
};

}  // namespace infergraph::engine
