#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/front/http_listener.hpp"
#include "engine/front/rest_api.hpp"
#include "engine/node/http_pool.hpp"
#include "engine/node/resolver.hpp"
#include "engine/options.hpp"
#include "engine/predictor.hpp"
#include "engine/readiness.hpp"
#include "engine/runtime.hpp"
#include "graph/annotations.hpp"
#include "graph/plan.hpp"
#include "graph/spec.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// The composition root of `infergraph` as a server: makes everything in the order in which it
/// depends on each other, serves until a signal, and drains.
///
/// Threads: everything here is called by the main thread, which also runs the readiness probes.
class Server {
 public:
  /// `predictor` must be valid; `annotations` are the resolved ones.
  Server(const Options& options, const graph::PredictorSpec& predictor,
         const graph::Annotated& annotations);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until SIGTERM or SIGINT. Returns the exit code: 0 for a clean stop, 1 when the port
  /// can't be listened on (said on stderr) or requests outlived the drain.
  int run();

 private:
  // What one I/O thread has to itself.
  struct Seat {
    std::vector<std::unique_ptr<HttpPool>> pools;
    std::unique_ptr<Predictor> predictor;
    std::unique_ptr<RestApi> api;
  };

  static metrics::FamilyOptions family_options(const Options& options,
                                               const graph::PredictorSpec& predictor, int threads);
  std::vector<Readiness::Target> readiness_targets(const graph::PredictorSpec& predictor);
  std::unique_ptr<Seat> make_seat(const graph::PredictorSpec& predictor,
                                  const graph::Annotated& annotations, int index);
  std::unique_ptr<graph::Unit> make_unit(const graph::NodeSpec& node, Seat& seat,
                                         const graph::Annotated& annotations, int index);
  bool drain();

  Options options_;
  metrics::Families metrics_;
  Runtime runtime_;
  IoThread control_{0};  // readiness probes and signals, on the main thread
  Resolver resolver_;
  std::unique_ptr<Readiness> readiness_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::unique_ptr<HttpListener> listener_;
};

}  // namespace infergraph::engine
