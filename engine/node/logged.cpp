#include "engine/node/logged.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "engine/observe/log.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using graph::CallContext;
using protocol::Method;
using protocol::Payload;
using protocol::Result;

Awaitable<Result<Payload>> LoggedNode::call(Method method, Payload payload, CallContext& context) {
  const auto began = Clock::now();
  const std::size_t sent = payload.size();
  auto answer = co_await client_->call(method, std::move(payload), context);
  const std::chrono::duration<double, std::milli> took = Clock::now() - began;
  std::vector<log::Field> fields = {{"puid", context.puid},
                                    {"node", name_},
                                    {"host", host_},
                                    {"call", name_of(method)},
                                    {"bytes_sent", sent}};
  if (answer) {
    fields.push_back({"status", answer->status()});
    fields.push_back({"bytes_received", answer->size()});
  } else {
    if (!answer.error().peer().empty()) fields.push_back({"address", answer.error().peer()});
    fields.push_back({"status", protocol::http_failure(answer.error()).status});
    fields.push_back({"error", answer.error().message()});
  }
  fields.push_back({"ms", took.count()});
  log::debug("called a node", log::Fields::Row(fields));
  co_return answer;
}

std::shared_ptr<graph::NodeClient> logged(const std::string& name, const std::string& host,
                                          std::uint16_t port,
                                          std::shared_ptr<graph::NodeClient> client) {
  if (!log::enabled(log::Level::kDebug)) return client;
  return std::make_shared<LoggedNode>(name, host + ":" + std::to_string(port), std::move(client));
}

}  // namespace infergraph::engine
