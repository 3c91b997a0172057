#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "base/async/awaitable.hpp"
#include "base/async/cancellation.hpp"
#include "base/caller.hpp"
#include "base/clock.hpp"
#include "base/gate.hpp"
#include "engine/grpc/queue.hpp"
#include "engine/grpc/raw_service.hpp"
#include "protocol/payload.hpp"

namespace infergraph::engine {

/// What all calls of one server share.
struct CallHost;

/// The caller's metadata; the views live as long as the context.
std::vector<protocol::HeaderField> metadata_of(const grpc::ServerContext& context);
/// When the caller stops waiting; max() for never.
Clock::time_point deadline_of(const grpc::ServerContext& context);

/// One call from a caller, from before it arrives until its answer has gone: it waits to be
/// accepted, has the next one wait in its place, and ends itself when both its coroutine and the
/// transport are done with it.
///
/// Threads: the gRPC thread, but for the constructor and wait(), which may come before it starts.
/// Owns/borrows: owns itself; borrows the host.
class ServerCall : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                   public Caller {
 public:
  ServerCall(const ServerCall&) = delete;
  ServerCall& operator=(const ServerCall&) = delete;

  /// Waits for a caller.
  void wait();
  /// The caller's connection.
  std::uint64_t key() const final;
  /// Ends the call now, whatever is under way.
  void cut() { context_.TryCancel(); }

 protected:
  ServerCall(CallHost& host, int method);
  virtual ~ServerCall() = default;

  /// Asks the server for the next call; `tag` tells when there is one.
  virtual void request(void* tag) = 0;
  /// Another one of the same kind and method.
  virtual ServerCall* next() const = 0;
  /// Answers; ends with the answer handed to the kernel, or lost.
  virtual Awaitable<void> serve() = 0;

  /// In a catch block: what is to be answered. Told and counted.
  grpc::Status thrown() const noexcept;

  CallHost& host_;
  const int method_;
  grpc::ServerContext context_;
  CancelScope cancel_;  // cancelled when the caller is gone

 private:
  // A tag that calls a member.
  class Tag final : public Completion {
   public:
    Tag(ServerCall& call, void (ServerCall::*handler)(bool)) : call_(call), handler_(handler) {}

   private:
    void complete(bool ok) override { (call_.*handler_)(ok); }

    ServerCall& call_;
    void (ServerCall::*handler_)(bool);
  };

  class Ended;

  void on_accepted(bool ok);
  void on_served(bool threw);
  void on_transport_end(bool ok);
  void end_if_done();

  Tag accepted_{*this, &ServerCall::on_accepted};
  Tag ended_{*this, &ServerCall::on_transport_end};
  bool served_ = false;
  bool transport_ended_ = false;
};

struct CallHost {
  CallHost(GrpcThread& its_thread, RawService& its_service)
      : thread(its_thread), service(its_service) {}

  GrpcThread& thread;
  RawService& service;
  grpc::ServerCompletionQueue* queue = nullptr;
  Gate open;  ///< calls that were accepted and have not ended
  /// Calls under way.
  boost::intrusive::list<ServerCall, boost::intrusive::constant_time_size<false>> calls;
};

}  // namespace infergraph::engine
