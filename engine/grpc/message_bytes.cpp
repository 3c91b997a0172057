#include "engine/grpc/message_bytes.hpp"

#include <grpcpp/support/slice.h>

#include <memory>
#include <mutex>
#include <vector>

#include "protocol/piece_list.hpp"

namespace infergraph::engine {

using protocol::Payload;

namespace {

// Below this a copy is cheaper than a slice with an owner of its own.
constexpr std::size_t kCopied = 512;

class Slices final : public protocol::Pieces {
 public:
  explicit Slices(const grpc::ByteBuffer& buffer) : buffer_(buffer), size_(buffer_.Length()) {}

  std::string_view joined() const override {
    std::call_once(once_, [this] {
      if (!buffer_.TrySingleSlice(&joined_).ok()) (void)buffer_.DumpToSingleSlice(&joined_);
    });
    return {reinterpret_cast<const char*>(joined_.begin()), joined_.size()};
  }
  std::string_view front() const override {
    // A first slice of its own costs an allocation, which one stretch doesn't need.
    std::call_once(first_once_, [this] {
      if (buffer_.TrySingleSlice(&first_).ok()) return;
      std::vector<grpc::Slice> slices;
      if (buffer_.Dump(&slices).ok() && !slices.empty()) first_ = slices.front();
    });
    return {reinterpret_cast<const char*>(first_.begin()), first_.size()};
  }
  std::size_t size() const override { return size_; }
  const grpc::ByteBuffer& buffer() const { return buffer_; }

 private:
  grpc::ByteBuffer buffer_;
  std::size_t size_;
  mutable std::once_flag once_;
  mutable grpc::Slice joined_;
  mutable std::once_flag first_once_;
  mutable grpc::Slice first_;
};

void release(void* payload) { delete static_cast<Payload*>(payload); }

}  // namespace

Payload to_payload(const grpc::ByteBuffer& buffer) {
  if (!buffer.Valid()) return Payload::proto("");
  Payload payload(std::make_shared<const Slices>(buffer));
  payload.set_encoding(protocol::Encoding::kProto);
  return payload;
}

grpc::ByteBuffer to_byte_buffer(const Payload& payload) {
  if (const auto* slices = dynamic_cast<const Slices*>(payload.pieces())) return slices->buffer();
  if (const auto* list = dynamic_cast<const protocol::PieceList*>(payload.pieces())) {
    std::vector<grpc::Slice> slices;
    for (const Payload& part : list->parts()) {
      std::vector<grpc::Slice> of_part;
      (void)to_byte_buffer(part).Dump(&of_part);
      slices.insert(slices.end(), of_part.begin(), of_part.end());
    }
    return {slices.data(), slices.size()};
  }
  const std::string_view bytes = payload.bytes();
  if (bytes.size() <= kCopied) {
    const grpc::Slice copied(bytes.data(), bytes.size());
    return {&copied, 1};
  }
  const grpc::Slice borrowed(const_cast<char*>(bytes.data()), bytes.size(), release,
                             std::make_unique<Payload>(payload).release());
  return {&borrowed, 1};
}

}  // namespace infergraph::engine
