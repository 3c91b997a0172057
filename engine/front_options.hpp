#pragma once

#include "engine/command_line/options.hpp"
#include "engine/grpc/front.hpp"
#include "engine/net/listener.hpp"
#include "engine/node/grpc_channels.hpp"
#include "graph/spec/annotations.hpp"
#include "graph/spec/spec.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// What the command line and the annotations mean for each part of the server: from plain values to
/// plain values.

/// TakeHttp2 is left to whoever has a gRPC front.
ListenerOptions listener_options(const Options& options);
GrpcFrontOptions grpc_front_options(const Options& options, const graph::Annotated& annotations);
/// Of nodes that have none of their own.
GrpcChannelOptions channel_options(const Options& options);
/// `shards`: one for each thread that counts.
metrics::FamilyOptions family_options(const Options& options, const graph::PredictorSpec& predictor,
                                      int shards);

}  // namespace infergraph::engine
