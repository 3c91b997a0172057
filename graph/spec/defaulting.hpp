#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "graph/spec/predictor_reader.hpp"

namespace infergraph::graph {

/// Completes predictors as they stand in a file: `service_port` stands in for a missing port, a
/// missing host is localhost, a prepackaged server is a MODEL, and a type of endpoint for which
/// there is no port, though there is one for the other, counts for nothing, as in the reference.
void complete(PredictorReading& reading, Problems& warnings);

/// Gives every node without a name one, with a warning.
void name_nodes(PredictorReading& reading, Problems& warnings);

/// Fills what the operator's webhook would fill in a cluster: type, ports and host of the nodes
/// that have no port at all, so that a file written for a cluster runs without one. A node with
/// nothing that says what it is, not even a container, stays a fan-out. To be called
/// for the predictors of a file in their order, since the numbers run through. Source:
/// docs/wire/graph.md §3.
class Defaulting {
 public:
  /// `grpc`: the deployment's transport is gRPC.
  explicit Defaulting(bool grpc) : grpc_(grpc) {}

  void fill(PredictorReading& reading);

 private:
  std::size_t number_of(const std::string& name);

  bool grpc_;
  /// One number for a container or unit name; the same name in another predictor has the same.
  std::unordered_map<std::string, std::size_t> numbers_;
};

}  // namespace infergraph::graph
