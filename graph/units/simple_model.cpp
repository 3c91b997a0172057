#include "graph/units/simple_model.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "graph/work_place.hpp"
#include "protocol/seldon/data.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Content;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace {

constexpr std::string_view kMeta =
    R"("meta":{"metrics":[{"key":"mymetric_counter","type":"COUNTER","value":1},)"
    R"({"key":"mymetric_gauge","type":"GAUGE","value":100},)"
    R"({"key":"mymetric_timer","type":"TIMER","value":22.1}]})";

constexpr std::string_view kClasses = R"("data":{"names":["class0","class1","class2"],)"
                                      R"("tensor":{"shape":[1,3],"values":[0.1,0.9,0.5]}})";

// The message may be a caller's as well as a node's, so what is wrong with it is the request's.
Status invalid(const Status& status) {
  if (status.code() == Code::kTooLarge) return status;
  return Status(Code::kInvalidArgument, "SIMPLE_MODEL: " + status.message());
}

Result<Payload> answer(const Payload& message, std::size_t max_decoded) {
  std::string text = "{" + std::string(kMeta) + ',';
  // Only a caller of protocol seldon may have sent what is echoed.
  if (message.empty() || message.protocol() != protocol::Protocol::kSeldon) {
    return Payload::json(text.append(kClasses) + '}');
  }

  const Result<Payload> plain = as_json(message, max_decoded);
  if (!plain) return invalid(plain.error());
  const auto parts = protocol::read_message(plain->bytes());
  if (!parts) return invalid(parts.error());
  if (parts->content == Content::kStrData) {
    text.append(R"("strData":)").append(parts->content_text);
  } else if (parts->content == Content::kBinData) {
    text.append(R"("binData":)").append(parts->content_text);
  } else {
    text.append(kClasses);
  }
  return Payload::json(std::move(text) + '}');
}

}  // namespace

Awaitable<Result<Payload>> SimpleModel::call(Method method, Payload message, CallContext& context) {
  if (method == Method::kPredict || method == Method::kTransformInput) {
    const auto make = [&] { return answer(message, max_decoded_); };
    auto made = try_here(context, message.size(), make);
    if (!made) made = co_await elsewhere(context, message.size(), make);
    co_return *std::move(made);
  }
  co_return co_await BuiltInUnit::call(method, std::move(message), context);
}

}  // namespace infergraph::graph
