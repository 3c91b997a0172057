// The node behind the systems that bench/run compares: answers every request with one fixed body.
// It must cost far less than what is measured, so it is bare epoll and looks at a head only for
// where the body ends: bodies are dropped in the kernel, and an answer is one write.
//
//   bench_upstream [--bytes N | --answer FILE] [--threads N] [--port N]
//
// The body is a message of N bytes, or that of FILE. Prints its port on stdout once it listens on
// 127.0.0.1, and serves until it is killed.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t kHeadLimit = std::size_t{64} * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kRefusal =
    "HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A seldon message of `bytes` bytes; a shorter one than its own frame isn't possible.
std::string message_of(std::size_t bytes) {
  constexpr std::string_view kFront = R"({"data":{"ndarray":[[1.5)";
  constexpr std::string_view kBack = "]]}}";
  constexpr std::string_view kNumber = ",0.25";
  std::string text(kFront);
  while (text.size() + kNumber.size() + kBack.size() <= bytes) text += kNumber;
  while (text.size() + kBack.size() < bytes) text += '5';
  text += kBack;
  return text;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file || content.empty()) fail(path.c_str());
  return content;
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// The value of the header `name` (lower case) in `head`, or "".
std::string_view header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at)) {
    at += 2;
    if (head.size() - at <= name.size() || head[at + name.size()] != ':') continue;
    std::size_t same = 0;
    while (same < name.size() && lower(head[at + same]) == name[same]) ++same;
    if (same < name.size()) continue;
    std::string_view value = head.substr(at + name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return {};
}

struct Connection {
  int socket = -1;
  std::string head;           // what has come of a head that isn't whole yet
  std::size_t body_left = 0;  // bytes of the request's body still to come
  std::string unsent;         // what the socket didn't take
};

/// One thread: its own epoll, its own connections; the listening socket is shared by all.
class Loop {
 public:
  Loop(int listener, std::string_view answer) : listener_(listener), answer_(answer) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) fail("epoll_create1");
    epoll_event event{};
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    event.data.ptr = nullptr;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) fail("epoll_ctl");
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) fail("epoll_wait");
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (connection == nullptr) {
          accept_one();
        } else if (!serve(*connection)) {
          close(connection->socket);
          delete connection;
        }
      }
    }
  }

 private:
  void accept_one() const {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->socket = socket;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.get();
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0) {
      static_cast<void>(connection.release());  // epoll holds it now; run() deletes it
    } else {
      close(socket);
    }
  }

  /// Reads and answers what there is. False: the connection is over.
  bool serve(Connection& connection) {
    if (!connection.unsent.empty()) {
      const std::string rest = std::exchange(connection.unsent, {});
      if (!send_all(connection, rest)) return false;
      if (!connection.unsent.empty()) return true;
      watch(connection, EPOLLIN);
    }
    // One read at a time: epoll is level-triggered, and most requests come in one piece.
    if (connection.body_left > 0) {
      const ssize_t got = recv(connection.socket, buffer_.data(), connection.body_left, MSG_TRUNC);
      if (got <= 0) return got < 0 && errno == EAGAIN;
      connection.body_left -= static_cast<std::size_t>(got);
      return connection.body_left > 0 || send_all(connection, answer_);
    }
    const ssize_t got = recv(connection.socket, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    return take(connection, {buffer_.data(), static_cast<std::size_t>(got)});
  }

  bool take(Connection& connection, std::string_view bytes) {
    std::string whole;
    if (!connection.head.empty()) {
      whole = std::exchange(connection.head, {}).append(bytes);
      bytes = whole;
    }
    while (!bytes.empty()) {
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        connection.head = bytes;
        return bytes.size() <= kHeadLimit;
      }
      const std::string_view head = bytes.substr(0, end + 2);
      bytes.remove_prefix(end + 4);
      if (!header(head, "transfer-encoding").empty()) return send_all(connection, kRefusal), false;
      const std::string_view length = header(head, "content-length");
      std::size_t body = 0;
      std::from_chars(length.data(), length.data() + length.size(), body);
      if (body > bytes.size() && !header(head, "expect").empty() &&
          !send_all(connection, kContinue)) {
        return false;
      }
      if (body > bytes.size()) {
        connection.body_left = body - bytes.size();
        return true;
      }
      bytes.remove_prefix(body);
      if (!send_all(connection, answer_)) return false;
    }
    return true;
  }

  bool send_all(Connection& connection, std::string_view bytes) const {
    if (connection.unsent.empty()) {
      const ssize_t sent = send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (bytes.empty()) return true;
      watch(connection, EPOLLOUT);
    }
    connection.unsent += bytes;
    return true;
  }

  void watch(Connection& connection, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event) != 0) fail("epoll_ctl");
  }

  int listener_;
  int epoll_;
  std::string_view answer_;
  std::array<char, std::size_t{128} * 1024> buffer_{};
};

int listen_on(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(listener, 4096) != 0) fail("listen");
  return listener;
}

std::uint16_t port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t bytes = 100;
  std::size_t threads = 1;
  std::size_t port = 0;
  std::string body;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--answer") {
      body = content_of(std::string(value));
      continue;
    }
    std::size_t* into = flag == "--bytes"     ? &bytes
                        : flag == "--threads" ? &threads
                        : flag == "--port"    ? &port
                                              : nullptr;
    if (into == nullptr ||
        std::from_chars(value.data(), value.data() + value.size(), *into).ec != std::errc{}) {
      std::fprintf(stderr,
                   "usage: bench_upstream [--bytes N | --answer FILE] [--threads N] [--port N]\n");
      return 2;
    }
  }
  if (body.empty()) body = message_of(bytes);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
                             ("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n") + body;
  const int listener = listen_on(static_cast<std::uint16_t>(port));
  std::printf("%u\n", port_of(listener));
  std::fflush(stdout);

  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.emplace_back([&] { std::make_unique<Loop>(listener, answer)->run(); });
  }
  std::make_unique<Loop>(listener, answer)->run();
}
