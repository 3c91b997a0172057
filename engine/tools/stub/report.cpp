#include "engine/tools/stub/report.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/stub/message_text.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {
namespace {

std::string padded(std::string text, std::size_t width) {
  const std::size_t columns = columns_of(text);
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

std::size_t name_width(const StubFleet& fleet) {
  std::size_t width = 4;
  for (const auto& stand_in : fleet.stand_ins()) {
    width = std::max(width, columns_of(printable(stand_in.stub->node().name)));
  }
  return width;
}

bool is_this_machine(std::string_view host) {
  return host.empty() || host == "localhost" || host == "0.0.0.0" || host == "::" ||
         host == "::1" || host.starts_with("127.");
}

/// One line of JSON: an object of `event` and the members that `write` adds.
template <typename Write>
void print_object(std::ostream& out, std::string_view event, Write write) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "event");
  write_string(writer, event);
  write(writer);
  writer.EndObject();
  out << std::string_view(buffer.GetString(), buffer.GetSize()) << std::endl;
}

void write_port(JsonWriter& writer, std::string_view key, std::uint16_t port) {
  if (port == 0) return;
  write_key(writer, key);
  writer.Uint(port);
}

void write_stand_in(JsonWriter& writer, const StubFleet::StandIn& stand_in) {
  writer.StartObject();
  write_key(writer, "name");
  write_string(writer, to_utf8(stand_in.stub->node().name));
  write_key(writer, "personality");
  write_string(writer, personality_text(stand_in.personality));
  // The one that there is, or REST's.
  write_key(writer, "port");
  writer.Uint(stand_in.http_port != 0 ? stand_in.http_port : stand_in.grpc_port);
  write_port(writer, "http_port", stand_in.http_port);
  write_port(writer, "grpc_port", stand_in.grpc_port);
  writer.EndObject();
}

void write_counts(JsonWriter& writer, const StubCounts& counts) {
  writer.StartObject();
  for (int method = 0; method < protocol::kMethodCount; ++method) {
    const std::uint64_t calls = counts.calls[static_cast<std::size_t>(method)];
    if (calls == 0) continue;
    write_key(writer, name_of(static_cast<protocol::Method>(method)));
    writer.Uint64(calls);
  }
  if (counts.other > 0) {
    write_key(writer, "other");
    writer.Uint64(counts.other);
  }
  write_key(writer, "errors");
  writer.Uint64(counts.errors);
  writer.EndObject();
}

void write_headers(JsonWriter& writer, std::span<const protocol::HeaderField> headers) {
  writer.StartObject();
  for (const protocol::HeaderField& field : headers) {
    write_key(writer, to_utf8(field.name));
    write_string(writer, to_utf8(field.value));
  }
  writer.EndObject();
}

std::string type_or_dash(const graph::NodeSpec& node) {
  const std::string_view type = type_text(node.type);
  return std::string(type.empty() ? "-" : type);
}

/// "localhost:9000"; "localhost:2001, gRPC localhost:2000" of one that has both.
std::string ports_text(const StubFleet::StandIn& stand_in) {
  std::string text;
  if (stand_in.http_port != 0) text = "localhost:" + std::to_string(stand_in.http_port);
  if (stand_in.grpc_port == 0) return text;
  return (text.empty() ? "" : text + ", gRPC ") + "localhost:" + std::to_string(stand_in.grpc_port);
}

/// One line for a node: "predict 12, send-feedback 1", or "-".
std::string calls_text(const StubCounts& counts) {
  std::string text;
  for (int method = 0; method < protocol::kMethodCount; ++method) {
    const std::uint64_t calls = counts.calls[static_cast<std::size_t>(method)];
    if (calls == 0) continue;
    text += (text.empty() ? "" : ", ") +
            std::string(name_of(static_cast<protocol::Method>(method))) + " " +
            std::to_string(calls);
  }
  if (counts.other > 0)
    text += (text.empty() ? "other " : ", other ") + std::to_string(counts.other);
  return text.empty() ? "-" : text;
}

}  // namespace

void StubReport::print_listening(const StubFleet& fleet) {
  const std::scoped_lock lock(mutex_);
  if (json_) {
    return print_object(out_, "listening", [&](JsonWriter& writer) {
      write_key(writer, "nodes");
      writer.StartArray();
      for (const auto& stand_in : fleet.stand_ins()) write_stand_in(writer, stand_in);
      writer.EndArray();
    });
  }
  const std::size_t width = name_width(fleet);
  for (const auto& stand_in : fleet.stand_ins()) {
    const graph::NodeSpec& node = stand_in.stub->node();
    out_ << style_.bold(padded(printable(node.name), width)) << "  "
         << style_.cyan(padded(type_or_dash(node), 18)) << "  " << ports_text(stand_in);
    if (stand_in.personality != protocol::Protocol::kSeldon) {
      out_ << "  " << personality_text(stand_in.personality);
    }
    if (!is_this_machine(stand_in.host)) {
      out_ << style_.dim("  (the graph calls it " + printable(stand_in.host) +
                         ": let that name lead here)");
    }
    out_ << "\n";
  }
  out_ << style_.dim(counted(fleet.stand_ins().size(), "stand-in") + ", stop with Ctrl-C")
       << std::endl;
}

void StubReport::print_body(std::string_view arrow, std::string_view body) {
  if (body.empty()) return;
  out_ << "  " << style_.dim(arrow) << " " << printable(body) << "\n";
}

void StubReport::print_event(const StubEvent& event) {
  const std::scoped_lock lock(mutex_);
  const std::string& name = event.stub.node().name;
  const std::string in = message_text(event.request.body, event.request.path, false);
  const std::string answer = message_text(event.response.body, event.request.path, true);
  if (json_) {
    return print_object(out_, "request", [&](JsonWriter& writer) {
      write_key(writer, "node");
      write_string(writer, to_utf8(name));
      write_key(writer, "verb");
      write_string(writer, to_utf8(event.request.verb));
      write_key(writer, "path");
      write_string(writer, to_utf8(event.request.path));
      write_key(writer, "status");
      writer.Int(event.response.status);
      write_key(writer, "seconds");
      write_double(writer, std::chrono::duration<double>(event.took).count());
      write_key(writer, "headers");
      write_headers(writer, event.request.headers);
      write_key(writer, "in");
      write_body(writer, in);
      write_key(writer, "out");
      write_body(writer, answer);
    });
  }
  const std::string status = std::to_string(event.response.status);
  out_ << style_.bold(printable(name)) << "  " << printable(event.request.verb) << " "
       << printable(event.request.path) << "  "
       << (event.response.status < 300 ? style_.green(status) : style_.red(status)) << "  "
       << style_.dim(elapsed_text(event.took)) << "\n";
  print_body("in ", in);
  print_body("out", answer);
  out_ << std::flush;
}

void StubReport::print_counts(const StubFleet& fleet) {
  const std::scoped_lock lock(mutex_);
  if (json_) {
    return print_object(out_, "counts", [&](JsonWriter& writer) {
      write_key(writer, "nodes");
      writer.StartObject();
      for (const auto& stand_in : fleet.stand_ins()) {
        write_key(writer, to_utf8(stand_in.stub->node().name));
        write_counts(writer, stand_in.stub->counts());
      }
      writer.EndObject();
    });
  }
  const std::size_t width = name_width(fleet);
  out_ << "\n" << style_.bold("requests") << "\n";
  for (const auto& stand_in : fleet.stand_ins()) {
    const StubCounts& counts = stand_in.stub->counts();
    out_ << "  " << padded(printable(stand_in.stub->node().name), width) << "  "
         << calls_text(counts);
    if (counts.errors > 0) out_ << "  " << style_.red("errors " + std::to_string(counts.errors));
    out_ << "\n";
  }
  out_ << std::flush;
}

}  // namespace infergraph::engine
