#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/command_line/environment.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/limits.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// The most that --threads takes.
inline constexpr int kMostThreads = 64;

/// What the command line and the environment say, one value for each flag and of its name
/// (parse_command_line() reads them); docs/flags.md tells what each means.
struct Options {
  using Duration = std::chrono::milliseconds;

  // Graph
  std::string file;
  std::string sdep;
  std::string namespace_;
  std::string predictor;
  std::string protocol = "seldon";  ///< or several: "seldon,v2"
  bool protocol_given = false;      ///< by flag or variable: then the file's own is not looked at
  std::string annotations_file = "/etc/podinfo/annotations";

  // Listening
  int http_port = 8000;     ///< the port of REST, whichever flag gave it; 0: the system picks one
  int grpc_port = 5001;     ///< the port of gRPC; 0: the system picks one
  std::optional<int> port;  ///< as given; http_port and one_port say what follows from it
  bool one_port = false;    ///< gRPC shares http_port: --port was given alone
  std::vector<std::string> bind;  ///< addresses to listen on, as literals; empty: all
  int threads = 0;                ///< 0: by the CPU limit (cpu_count.hpp)
  int max_connections = 10000;

  // Limits
  std::size_t max_header_bytes = protocol::kMaxHead;
  std::size_t max_body_bytes = protocol::kMaxBody;
  std::size_t max_response_bytes = protocol::kMaxBody;  ///< max_body_bytes, if not given
  std::optional<std::size_t> max_work_bytes;  ///< nothing: by the memory limit (memory_limit.hpp)
  Duration read_timeout{10'000};
  Duration progress_timeout{30'000};
  Duration idle_timeout{65'000};

  // Nodes
  Duration connect_timeout{2'000};
  Duration dns_refresh{5'000};
  bool full_health_checks = false;

  // gRPC
  std::size_t grpc_max_message_size = 2147483647;  ///< 2 GiB less one byte is protobuf's own limit
  bool grpc_max_message_size_given = false;        ///< then the annotation is not looked at
  int grpc_max_streams = 0;
  Duration grpc_keepalive_time{0};
  Duration grpc_keepalive_timeout{20'000};
  Duration grpc_max_connection_age{0};

  // Metrics and logging
  std::string prometheus_path = "/prometheus";
  std::vector<double> histogram_buckets;  ///< empty: the default ones
  bool metrics_summaries = false;
  bool debug = false;
  std::string log_level = "INFO";  ///< DEBUG, INFO, WARNING, ERROR or FATAL

  // Shutdown
  Duration graceful_timeout{15'000};
  Duration shutdown_delay{0};

  // Accepted for later features
  std::string transport = "rest";
  std::string config;
  std::string server_type = "rpc";
  std::string hostname;
  int logger_workers = 10;
  int log_work_buffer_size = 10000;
  int log_write_timeout_ms = 2000;
  std::string kafka_broker;
  std::string kafka_input_topic;
  std::string kafka_output_topic;
  bool kafka_full_graph = false;
  int kafka_workers = 4;
  bool kafka_auto_commit = true;
  std::string log_kafka_broker;
  std::string log_kafka_topic;

  // From the environment alone
  std::string cors_allowed_origins = "*";
  std::string cors_allowed_headers =
      "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token";
  bool inject_routing = false;
  std::string logger_endpoint;  ///< REQUEST_LOGGER_DEFAULT_ENDPOINT; for a later feature

  bool operator==(const Options&) const = default;
};

/// The protocols of --protocol: what callers may speak, and first of them what the nodes do.
/// Nothing for a list with a name that there isn't, or with none.
std::optional<std::vector<protocol::Protocol>> read_protocols(std::string_view list);

/// `text` as it can stand in a header line: a space for each control character, as Go's server
/// writes them, and none around it.
std::string header_value(std::string text);

/// Values that parse and still can't be served, in the order in which the reference looks: one line
/// that says what is wrong with the first of them.
std::optional<std::string> check_options(const Options& options, const Environment& environment);

/// Fills names and protocol that were not given from the file's, `default` for a namespace that it
/// hasn't. Gives what is wrong, if anything: several predictors and none chosen, one chosen that
/// isn't there, no name, a protocol that isn't served.
std::optional<std::string> complete_from(Options& options, const graph::DeploymentSpec& deployment);

}  // namespace infergraph::engine
