#include "engine/net/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace infergraph::engine {

namespace asio = boost::asio;

Outgoing::Outgoing(std::string_view head, std::string_view body)
    // sendmsg takes pointers to non-const and leaves the bytes alone.
    : parts_{{{const_cast<char*>(head.data()), head.size()},
              {const_cast<char*>(body.data()), body.size()}}} {
  skip_empty();
}

void Outgoing::advance(std::size_t written) {
  untouched_ = untouched_ && written == 0;
  while (!done() && written >= parts_[first_].iov_len) {
    written -= parts_[first_].iov_len;
    ++first_;
  }
  if (!done()) {
    parts_[first_].iov_base = static_cast<char*>(parts_[first_].iov_base) + written;
    parts_[first_].iov_len -= written;
  }
  skip_empty();
}

void Outgoing::skip_empty() {
  while (!done() && parts_[first_].iov_len == 0) ++first_;
}

Connection::Connection(Socket socket) : socket_(std::move(socket)) {}

void Connection::start_read() {
  if (reading_ || ended_ || block_->room() == 0) return;
  socket_.async_read_some(
      asio::buffer(block_->data() + block_->size, std::min(block_->room(), block_->next_read)),
      [self = boost::intrusive_ptr<Connection>(this)](
          boost::system::error_code ec, std::size_t count) { self->on_read(ec, count); });
  reading_ = true;  // not before: beginning may throw
}

void Connection::on_read(boost::system::error_code ec, std::size_t count) {
  reading_ = false;
  block_->size += count;
  if (ec) {
    ended_ = true;
    end_reason_ = ec;
  }
  if (event_.has_sleeper()) {
    event_.notify();
  } else if (watcher_ != nullptr) {
    watcher_->on_bytes_or_end();
  }
}

bool Connection::write_now(Outgoing& outgoing, boost::system::error_code& ec) {
  while (!outgoing.done()) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(outgoing.parts());
    message.msg_iovlen = outgoing.count();
    const ssize_t written =
        ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written >= 0) {
      outgoing.advance(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      ec.assign(errno, boost::system::system_category());
      return false;
    }
  }
  return true;
}

Awaitable<boost::system::error_code> Connection::write_rest(Outgoing& outgoing, Timed& progress,
                                                            Clock::duration timeout,
                                                            bool until_answer) {
  boost::system::error_code ec;
  while (!outgoing.done()) {
    if (timeout != Clock::duration::zero()) progress.deadline = Clock::now() + timeout;
    if (!awaiting_room_) {
      socket_.async_wait(Socket::wait_write, [self = boost::intrusive_ptr<Connection>(this)](
                                                 boost::system::error_code) {
        self->awaiting_room_ = false;
        self->event_.notify();
      });
      awaiting_room_ = true;
    }
    co_await wait();
    if (closed_) co_return asio::error::operation_aborted;
    if (until_answer && (ended_ || block_->size > 0)) break;
    if (write_now(outgoing, ec) || ec) break;
  }
  co_return ec;
}

bool Connection::has_unread() {
  char byte = 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

bool Connection::peer_has_gone() {
  if (ended_) return true;
  // Its end shows even when bytes that came before it have not been read.
  pollfd asked{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0;
}

void Connection::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace infergraph::engine
