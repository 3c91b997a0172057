#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// How the answers of its children go to a combiner over REST.
enum class AggregateBody : std::uint8_t {
  kList,      ///< [ … ]
  kMessages,  ///< {"seldonMessages":[ … ]}
};

/// Where a setting of one node came from, for people.
struct SettingUse {
  std::string name;
  std::string value;
  std::string source;  ///< the annotation's key with whose it is, or "parameter"
  bool taken = true;   ///< false: a parameter that is left to the component
};

/// What is set for one node: a value for each setting of the table in graph/spec/settings.hpp, and
/// of its name.
struct NodeSettings {
  using Names = std::map<std::string, std::string, std::less<>>;
  struct Address {
    std::string host;
    std::uint16_t port = 0;
  };

  std::optional<protocol::Protocol> protocol;
  std::string model_name;
  std::string signature_name;
  std::string model_input;
  std::string model_output;
  Names input_names;
  Names output_names;

  std::optional<Address> rest_endpoint;
  std::optional<Address> grpc_endpoint;
  std::uint16_t server_rest_port = 2001;
  std::uint16_t server_grpc_port = 2000;
  /// A parameter rest_endpoint or grpc_endpoint has a value that only the proxy can use.
  bool endpoint_is_foreign = false;

  AggregateBody aggregate_body = AggregateBody::kList;
  std::optional<std::chrono::milliseconds> timeout;  ///< 0: no limit
  std::optional<std::chrono::milliseconds> connect_timeout;
  std::optional<std::size_t> max_response_bytes;
  std::optional<bool> full_health_checks;

  std::vector<SettingUse> uses;
};

}  // namespace infergraph::graph
