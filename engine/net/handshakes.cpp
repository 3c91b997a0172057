#include "engine/net/handshakes.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>

namespace infergraph::engine {
namespace {

// Of the TCP header, which is what a filter on a TCP socket gets to see.
constexpr std::uint32_t kFlagsAt = 13;
constexpr std::uint32_t kSyn = 0x02;
constexpr std::uint32_t kAck = 0x10;
constexpr std::uint32_t kDrop = 0;
constexpr std::uint32_t kPass = UINT32_MAX;

}  // namespace

bool drop_new_handshakes(int listener) {
  // A SYN without ACK begins a handshake. What completes one has an ACK.
  std::array<sock_filter, 5> code = {{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlagsAt},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, kSyn | kAck},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kSyn},
      {BPF_RET | BPF_K, 0, 0, kDrop},
      {BPF_RET | BPF_K, 0, 0, kPass},
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace infergraph::engine
