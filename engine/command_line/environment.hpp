#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infergraph::engine {

/// Environment variables, as they were when this was made. Called with a name it gives the value;
/// nothing when there is no such variable.
class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  Environment() = default;
  explicit Environment(Variables variables) : variables_(std::move(variables)) {}

  std::optional<std::string> operator()(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return found->second;
  }
  const Variables& variables() const { return variables_; }

 private:
  Variables variables_;
};

/// The process's own.
Environment process_environment();

/// Whether Kubernetes (or Docker) put this variable there because a Service is called `infergraph`,
/// or begins so: INFERGRAPH_SERVICE_HOST, INFERGRAPH_PORT=tcp://10.0.0.1:8000,
/// INFERGRAPH_PORT_8000_TCP_ADDR … Such a one is no setting, even where its name is that of one.
/// Source: Kubernetes, "Accessing Services: Environment variables".
bool is_service_link(std::string_view name, std::string_view value);

}  // namespace infergraph::engine
