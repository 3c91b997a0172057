#include "engine/front_options.hpp"

#include <cstdint>

#include "base/saturated.hpp"
#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace {

// Kept for callers who come when there are no others.
constexpr int kSpareDescriptors = 16;

}  // namespace

ListenerOptions listener_options(const Options& options) {
  ListenerOptions made;
  made.port = static_cast<std::uint16_t>(options.http_port);
  made.limits.header = options.max_header_bytes;
  made.limits.body = options.max_body_bytes;
  made.timeouts.head = options.read_timeout;
  made.timeouts.progress = options.progress_timeout;
  made.timeouts.idle = options.idle_timeout;
  made.max_connections = options.max_connections;
  made.addresses = options.bind;
  made.spare_descriptors = kSpareDescriptors;
  return made;
}

GrpcFrontOptions grpc_front_options(const Options& options, const graph::Annotated& annotations) {
  GrpcFrontOptions made;
  if (!options.one_port) made.port = static_cast<std::uint16_t>(options.grpc_port);
  made.max_message = saturated<int>(options.grpc_max_message_size);
  if (!options.grpc_max_message_size_given && annotations.grpc_max_message_size) {
    made.max_message = *annotations.grpc_max_message_size;
  }
  if (!options.bind.empty()) made.addresses = options.bind;
  made.max_metadata = options.max_header_bytes;
  made.max_streams = options.grpc_max_streams;
  made.keepalive_time = options.grpc_keepalive_time;
  made.keepalive_timeout = options.grpc_keepalive_timeout;
  made.max_connection_age = options.grpc_max_connection_age;
  return made;
}

GrpcChannelOptions channel_options(const Options& options) {
  return {options.connect_timeout, options.max_response_bytes, options.max_header_bytes};
}

metrics::FamilyOptions family_options(const Options& options, const graph::PredictorSpec& predictor,
                                      int shards) {
  metrics::FamilyOptions made;
  made.deployment_name = options.sdep;
  made.predictor_name = predictor.name.empty() ? options.predictor : predictor.name;
  made.predictor_version = predictor.version();
  if (!options.histogram_buckets.empty()) made.bounds = options.histogram_buckets;
  made.summaries = options.metrics_summaries;
  made.shards = shards;
  made.version = INFERGRAPH_VERSION;
  made.log_lines_dropped = log::dropped_lines;
  return made;
}

}  // namespace infergraph::engine
