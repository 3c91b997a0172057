#pragma once

#include <grpcpp/completion_queue.h>

#include <memory>
#include <utility>

#include "engine/grpc/completion.hpp"
#include "engine/grpc/thread.hpp"

namespace infergraph::engine {

/// The completion queue behind a GrpcThread.
struct GrpcThread::Queue {
  std::unique_ptr<grpc::CompletionQueue> queue = std::make_unique<grpc::CompletionQueue>();

  /// A server can only use a queue of its own making; calls to nodes use whichever it is. Before
  /// the thread starts.
  void replace(std::unique_ptr<grpc::CompletionQueue> other) {
    queue->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) {
    }
    queue = std::move(other);
  }
};

/// A Completion as the tag that grpc++ takes, and back.
inline void* tag_of(Completion& completion) { return &completion; }
inline Completion& completion_of(void* tag) { return *static_cast<Completion*>(tag); }

}  // namespace infergraph::engine
