#include "engine/command_line/options.hpp"

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"

namespace infergraph::engine {
namespace {

// Names become header lines of CloudEvents and labels.
std::optional<std::string> bad_name(const Options& options) {
  for (const auto& [flag, name] :
       {std::pair("sdep", &options.sdep), std::pair("namespace", &options.namespace_),
        std::pair("predictor", &options.predictor)}) {
    if (header_value(*name) != *name) {
      return std::string(flag) + " has control characters, or spaces around it";
    }
  }
  return std::nullopt;
}

}  // namespace

std::string header_value(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return std::string(trimmed(text, " "));
}

std::optional<std::vector<protocol::Protocol>> read_protocols(std::string_view list) {
  std::vector<protocol::Protocol> made;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const auto known = protocol::protocol_of(list.substr(at, comma - at));
    if (!known) return std::nullopt;
    if (std::find(made.begin(), made.end(), *known) == made.end()) made.push_back(*known);
    at = comma + 1;
  }
  return made;
}

std::optional<std::string> check_options(const Options& options, const Environment& environment) {
  if (options.file.empty()) {
    const char* way_out =
        environment("ENGINE_PREDICTOR")
            ? ": the graph of ENGINE_PREDICTOR needs --sdep, --namespace and --predictor"
            : " (or serve the graph of a file: infergraph serve FILE)";
    for (const auto& [name, value] :
         {std::pair("sdep", &options.sdep), std::pair("namespace", &options.namespace_),
          std::pair("predictor", &options.predictor)}) {
      if (value->empty()) return std::string("Required argument ") + name + " missing" + way_out;
    }
  }
  if (auto wrong = bad_name(options)) return wrong;
  if (!read_protocols(options.protocol)) {
    return "Protocol must be seldon, tensorflow or v2: --protocol is \"" + options.protocol + "\"";
  }
  if (options.server_type == "kafka") return "Server type kafka is not supported in this release";
  if (options.transport != "rest" && options.transport != "grpc") {
    return "Only rest and grpc supported: --transport is \"" + options.transport + "\"";
  }
  for (const auto& [flag, port] :
       {std::pair("port", options.port.value_or(0)), std::pair("http_port", options.http_port),
        std::pair("grpc_port", options.grpc_port)}) {
    if (port < 0 || port > 65535) {
      return "Port " + std::to_string(port) + " of --" + flag + " is not 0 to 65535";
    }
  }
  if (!options.one_port && options.http_port == options.grpc_port && options.http_port != 0) {
    const std::string port = std::to_string(options.http_port);
    return "Port " + port + " is given to REST and to gRPC: --port " + port +
           ", without --http_port and --grpc_port, has them share it";
  }
  if (!options.prometheus_path.starts_with('/')) {
    return "The metrics path \"" + options.prometheus_path + "\" does not begin with /";
  }
  if (!environment("SELDON_CERT_MOUNT_PATH").value_or("").empty()) {
    return "SELDON_CERT_MOUNT_PATH asks for TLS, which this release does not have; serving without "
           "it would be unsafe";
  }
  return std::nullopt;
}

std::optional<std::string> complete_from(Options& options,
                                         const graph::DeploymentSpec& deployment) {
  std::string names;
  bool found = false;
  for (const graph::PredictorSpec& predictor : deployment.predictors) {
    names += (names.empty() ? "" : ", ") + predictor.name;
    found = found || predictor.name == options.predictor;
  }
  if (!options.predictor.empty()) {
    if (!found) {
      return options.file + ": no predictor is named \"" + options.predictor +
             "\"; there are: " + names;
    }
  } else if (deployment.predictors.size() == 1) {
    options.predictor = deployment.predictors.front().name;
  } else {
    return options.file + ": several predictors; choose one by --predictor: " + names;
  }
  if (options.sdep.empty()) options.sdep = deployment.name;
  if (options.sdep.empty()) return options.file + ": metadata.name is missing; give --sdep";
  if (options.namespace_.empty()) options.namespace_ = deployment.namespace_;
  if (options.namespace_.empty()) options.namespace_ = "default";
  if (const auto wrong = bad_name(options)) return options.file + ": " + *wrong;

  if (!options.protocol_given && !deployment.protocol.empty()) {
    options.protocol = deployment.protocol;
    if (!read_protocols(options.protocol)) {
      return options.file + ": spec.protocol must be seldon, tensorflow or v2";
    }
  }
  return std::nullopt;
}

}  // namespace infergraph::engine
