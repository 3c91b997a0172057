// The gRPC node behind the systems that bench/run compares: answers every method with one fixed
// message. One thread and one completion queue, and messages stay bytes: what grpc++ can't do
// cheaper.
//
//   bench_grpc_upstream --answer FILE [--port N]
//
// FILE holds the message. Prints its port on stdout once it listens on 127.0.0.1, and serves until
// it is killed.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace {

/// So many calls can begin before the queue is looked at again.
constexpr int kWaitingCalls = 64;

/// What all calls share.
struct Service {
  grpc::AsyncGenericService generic;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  grpc::ByteBuffer answer;
};

/// One call, from waiting for it to its end; owns itself. A tag is the call, the step is in it.
class Call {
 public:
  explicit Call(Service& service) : service_(service), stream_(&context_) {
    service_.generic.RequestCall(&context_, &stream_, service_.queue.get(), service_.queue.get(),
                                 this);
  }

  void proceed(bool ok) {
    if (step_ == Step::kWait && ok) new Call(service_);  // waits in this one's place
    if (!ok || step_ == Step::kEnd) {
      delete this;
      return;
    }
    if (step_ == Step::kWait) {
      step_ = Step::kRead;
      stream_.Read(&request_, this);
      return;
    }
    step_ = Step::kEnd;
    stream_.WriteAndFinish(service_.answer, grpc::WriteOptions(), grpc::Status::OK, this);
  }

 private:
  enum class Step : std::uint8_t { kWait, kRead, kEnd };

  Service& service_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::ByteBuffer request_;
  Step step_ = Step::kWait;
};

grpc::ByteBuffer message_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    std::fprintf(stderr, "bench_grpc_upstream: can't read %s\n", path.c_str());
    std::exit(1);
  }
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  std::uint16_t port = 0;
  bool known = argc % 2 == 1;
  for (int i = 1; known && i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const std::string_view value = argv[i + 1];
    if (flag == "--answer") {
      path = value;
    } else {
      known = flag == "--port" &&
              std::from_chars(value.data(), value.data() + value.size(), port).ec == std::errc{};
    }
  }
  if (!known || path.empty()) {
    std::fprintf(stderr, "usage: bench_grpc_upstream --answer FILE [--port N]\n");
    return 2;
  }

  Service service;
  service.answer = message_in(path);
  grpc::ServerBuilder builder;
  int bound = 0;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &bound);
  builder.RegisterAsyncGenericService(&service.generic);
  service.queue = builder.AddCompletionQueue();
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || bound == 0) {
    std::fprintf(stderr, "bench_grpc_upstream: can't listen on port %u\n", port);
    return 1;
  }
  std::printf("%d\n", bound);
  std::fflush(stdout);

  for (int i = 0; i < kWaitingCalls; ++i) new Call(service);
  void* tag = nullptr;
  bool ok = false;
  while (service.queue->Next(&tag, &ok)) static_cast<Call*>(tag)->proceed(ok);
}
