// The stand-ins' readers. The first line is `SERVER VERB PATH TYPE`, with the verb `grpc` for a
// message in proto and, for v2, the size of the JSON in the place of the type; the rest is the
// body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tools/stub/seldon/node.hpp"
#include "engine/tools/stub/tfserving/server.hpp"
#include "engine/tools/stub/v2/server.hpp"

namespace {

using infergraph::engine::HttpRequest;
using infergraph::engine::SoftmaxModel;
using infergraph::engine::StubNode;
using infergraph::engine::StubServer;
using infergraph::engine::TfServing;
using infergraph::engine::V2Server;
using infergraph::protocol::Payload;

void require(bool holds) {
  if (!holds) std::abort();
}

std::unique_ptr<StubNode> make_stub(std::string_view server) {
  const std::vector<std::string> names = {"m", "other"};
  const auto model = std::make_shared<const SoftmaxModel>(SoftmaxModel::made(2, 4));
  const auto scalars = std::make_shared<const SoftmaxModel>(SoftmaxModel::half_plus_two());
  std::unique_ptr<StubServer> made;
  if (server == "tf") made = std::make_unique<TfServing>(names, model, scalars);
  if (server == "tf-identity") made = std::make_unique<TfServing>(names, nullptr);
  if (server == "v2") made = std::make_unique<V2Server>(names, model);
  if (server == "v2-identity") made = std::make_unique<V2Server>(names, nullptr);
  infergraph::graph::NodeSpec node;
  node.name = "m";
  node.image = "image";
  node.type = infergraph::graph::NodeType::kModel;
  return std::make_unique<StubNode>(std::move(node), infergraph::engine::StubSettings(), 1,
                                    std::move(made));
}

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view line = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(line.size() + 1, size));
  const auto stub = make_stub(take_word(line));
  const std::string_view verb = take_word(line);
  const std::string_view target = take_word(line);
  const infergraph::protocol::HeaderField header{"Inference-Header-Content-Length", line};

  HttpRequest request;
  request.verb = verb == "grpc" ? "POST" : verb;
  request.path = target.substr(0, target.find('?'));
  request.query = target.substr(std::min(request.path.size() + 1, target.size()));
  if (verb == "grpc") {
    request.body = Payload::proto(std::string(body));
  } else {
    request.body = Payload::json(std::string(body));
    request.body.set_content_type(line);
  }
  if (!line.empty()) request.headers = {&header, 1};
  (void)stub->is_for(request);
  const auto reply = stub->reply(request);
  // What a message makes has something to do with its size.
  require(reply.response.body.size() <= 40 * size + (std::size_t{1} << 20U));
  require(reply.response.status >= 200 && reply.response.status < 600);
  return 0;
}
