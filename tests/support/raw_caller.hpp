#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace infergraph::test {

/// A caller on loopback that sends just the bytes it is given. Its waits are long: a test fails by
/// them, it never passes by them.
class RawCaller {
 public:
  static constexpr std::chrono::seconds kPatience{20};

  /// Connects, or begins to: connected() waits for it.
  explicit RawCaller(std::uint16_t port, const char* host = "127.0.0.1")
      : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &address.sin_addr);
    ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  RawCaller(RawCaller&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawCaller(const RawCaller&) = delete;
  RawCaller& operator=(const RawCaller&) = delete;
  RawCaller& operator=(RawCaller&&) = delete;
  ~RawCaller() { close(); }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

  bool connected(std::chrono::milliseconds within = kPatience) const {
    if (!ready(POLLOUT, within)) return false;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0;
  }

  /// False when the peer has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN || !ready(POLLOUT, kPatience)) {
        return false;
      }
    }
    return true;
  }

  /// What comes until `mark`, which is included; what came before the end, when there is one.
  std::string until(std::string_view mark) {
    while (seen_.find(mark) == std::string::npos) {
      if (!more()) return std::exchange(seen_, {});
    }
    const std::size_t end = seen_.find(mark) + mark.size();
    std::string taken = seen_.substr(0, end);
    seen_.erase(0, end);
    return taken;
  }

  /// Everything until the peer ends, orderly or not.
  std::string to_the_end() {
    while (more()) {
    }
    return std::exchange(seen_, {});
  }
  /// How it ended: 0 for an orderly end, -1 while it hasn't.
  int end() const { return end_; }

 private:
  bool ready(short what, std::chrono::milliseconds within) const {
    pollfd waited{descriptor_, what, 0};
    return ::poll(&waited, 1, static_cast<int>(within.count())) > 0;
  }
  bool more() {
    if (!ready(POLLIN, kPatience)) return false;
    std::array<char, 65536> bytes;
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got <= 0) {
      end_ = got == 0 ? 0 : errno;
      return false;
    }
    seen_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  int end_ = -1;
  std::string seen_;
};

}  // namespace infergraph::test
