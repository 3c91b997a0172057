#include "engine/command_line/flags.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "base/duration.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;

constexpr int kAnyLeast = std::numeric_limits<int>::min();
constexpr int kAnyMost = std::numeric_limits<int>::max();
// Far beyond any use, and far from the end of the clock, to which timeouts are added.
constexpr milliseconds kLongest = std::chrono::hours(8760);

template <typename Number>
bool parse_number(std::string_view text, Number& into) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr const char* kNoSize = "must be bytes, such as 65536, 64Ki or 128Mi";
constexpr std::size_t kLeastWorkBytes = std::size_t{1} << 20;

struct SizeUnit {
  std::string_view name;
  unsigned shift;
};
constexpr std::size_t kMostGrpcMessage = std::numeric_limits<int>::max();  // protobuf's own limit
constexpr SizeUnit kSizeUnits[] = {{"Gi", 30}, {"Mi", 20}, {"Ki", 10}};

std::string size_text(std::size_t size) {
  for (const auto& [name, shift] : kSizeUnits) {
    if (size != 0 && size % (std::size_t{1} << shift) == 0) {
      return std::to_string(size >> shift) + std::string(name);
    }
  }
  return std::to_string(size);
}

// Bytes, with Kubernetes' suffixes: 65536, 64Ki, 128Mi.
bool parse_size(std::string_view text, std::size_t& into) {
  unsigned shift = 0;
  for (const SizeUnit& unit : kSizeUnits) {
    if (!text.ends_with(unit.name)) continue;
    shift = unit.shift;
    text.remove_suffix(unit.name.size());
    break;
  }
  std::size_t count = 0;
  if (!parse_number(text, count) || count > (std::size_t{1} << 40) >> shift) return false;
  into = count << shift;
  return true;
}

std::string take_buckets(std::string_view text, std::vector<double>& into) {
  constexpr const char* kWrong = "must be seconds above 0, ascending: 0.001,0.01,0.1";
  std::vector<double> bounds;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    double bound = 0;
    if (!parse_number(text.substr(at, comma - at), bound) || !std::isfinite(bound)) return kWrong;
    if (bound <= (bounds.empty() ? 0 : bounds.back())) return kWrong;
    bounds.push_back(bound);
    at = comma + 1;
  }
  into = std::move(bounds);
  return "";
}

std::string take_addresses(std::string_view text, std::vector<std::string>& into) {
  std::vector<std::string> addresses;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    std::string address(text.substr(at, comma - at));
    boost::system::error_code ec;
    boost::asio::ip::make_address(address, ec);
    if (ec) return "must be IP addresses: 127.0.0.1 or 10.0.0.7,::1";
    addresses.push_back(std::move(address));
    at = comma + 1;
  }
  into = std::move(addresses);
  return "";
}

// Collects flags group by group, so that the tables below read like --help.
class Table {
 public:
  std::vector<Flag> flags;

  void group(std::string_view name) { group_ = name; }

  void text(const char* name, const char* value, std::string Options::*into, const char* help) {
    add(name, value, help, defaults_.*into, [into](Options& options, std::string_view given) {
      options.*into = given;
      return std::string();
    });
  }
  void number(const char* name, int Options::*into, const char* help, int least = 0,
              int most = kAnyMost) {
    std::string wrong = "must be a whole number";
    if (least != kAnyLeast) wrong += " from " + std::to_string(least);
    if (most != kAnyMost) wrong += " to " + std::to_string(most);
    add(name, "N", help, std::to_string(defaults_.*into),
        [into, least, most, wrong](Options& options, std::string_view given) {
          int value = 0;
          if (!parse_number(given, value) || value < least || value > most) return wrong;
          options.*into = value;
          return std::string();
        });
  }
  // Only parsed here: whether a port is possible is a matter of the start-up (exit code 1, not 2).
  void port(const char* name, int Options::*into, const char* help) {
    number(name, into, help, kAnyLeast);
  }
  void size(const char* name, std::size_t Options::*into, const char* help, std::size_t least = 0) {
    add(name, "SIZE", help, size_text(defaults_.*into),
        [into, least](Options& options, std::string_view given) -> std::string {
          std::size_t value = 0;
          if (!parse_size(given, value)) return kNoSize;
          if (value < least) return "must be at least " + size_text(least);
          options.*into = value;
          return "";
        });
  }
  // A size whose default is no number, but follows from something else.
  void size(const char* name, const char* help,
            std::function<std::string(Options&, std::size_t)> set) {
    add(name, "SIZE", help, "",
        [set = std::move(set)](Options& options, std::string_view given) -> std::string {
          std::size_t value = 0;
          return parse_size(given, value) ? set(options, value) : kNoSize;
        });
  }
  void duration(const char* name, milliseconds Options::*into, const char* help,
                milliseconds least = milliseconds(1)) {
    add(name, "TIME", help, duration_text(defaults_.*into),
        [into, least](Options& options, std::string_view given) -> std::string {
          const auto value = parse_duration(given);
          if (!value) return "must be a time, such as 15s, 2m or 1500ms";
          if (*value < least || *value > kLongest) {
            return "must be from " + duration_text(least) + " to 8760h";
          }
          options.*into = *value;
          return "";
        });
  }
  void toggle(const char* name, bool Options::*into, const char* help) {
    add(name, "", help, defaults_.*into ? "true" : "false",
        [into](Options& options, std::string_view given) -> std::string {
          const auto value = parse_bool(given);
          if (!value) return "must be true or false";
          options.*into = *value;
          return "";
        });
  }
  void add(const char* name, const char* value, const char* help, std::string fallback,
           std::function<std::string(Options&, std::string_view)> set) {
    flags.push_back({name, group_, value, help, std::move(fallback), std::move(set)});
  }

 private:
  const Options defaults_{};
  std::string group_;
};

void add_graph(Table& table) {
  table.group("Graph");
  table.text("file", "FILE", &Options::file,
             "a SeldonDeployment (.yaml, .yml, .json; - reads stdin); without it the graph is that "
             "of ENGINE_PREDICTOR");
  table.text("sdep", "NAME", &Options::sdep, "its name; from the file if not given");
  table.text("namespace", "NAME", &Options::namespace_, "its namespace; likewise");
  table.text("predictor", "NAME", &Options::predictor,
             "the predictor to serve; the file's, if it has just one");
  table.text("protocol", "NAME", &Options::protocol,
             "payload protocol: seldon, tensorflow, v2 (kfserving), or several, as seldon,v2; the "
             "first is also the nodes'; without it the file's");
  table.text("annotations_file", "FILE", &Options::annotations_file,
             "annotations of the pod, as the downward API writes them; may be missing");
}

void add_serving(Table& table) {
  table.group("Listening");
  table.port("http_port", &Options::http_port, "port of REST; 0: a free one, told in the log");
  table.port("grpc_port", &Options::grpc_port, "port of gRPC; 0: a free one, told in the log");
  table.add("port", "N",
            "the one port of older pods, for REST and gRPC together; with --grpc_port that of "
            "REST alone, with --http_port ignored",
            "", [](Options& options, std::string_view given) -> std::string {
              int value = 0;
              if (!parse_number(given, value)) return "must be a whole number";
              options.port = value;
              return "";
            });
  table.add("bind", "ADDRESSES",
            "IP addresses to listen on, for REST and gRPC, such as 127.0.0.1 or 10.0.0.7,::1; "
            "default: all",
            "", [](Options& options, std::string_view given) {
              return take_addresses(given, options.bind);
            });
  table.number("max_connections", &Options::max_connections,
               "callers' connections at a time; those beyond are answered 503, but for probes and "
               "metrics",
               1);
  table.number("threads", &Options::threads,
               "I/O threads; 0: GOMAXPROCS, else the CPU limit, at most 8", 0, kMostThreads);

  table.group("Limits");
  table.size("max_header_bytes", &Options::max_header_bytes, "of a request's head; beyond: 431",
             256);
  table.size("max_body_bytes", &Options::max_body_bytes, "of a request's body; beyond: 413");
  table.size("max_response_bytes",
             "of a node's answer, also unpacked; beyond: 502; default: that of a request's body",
             [](Options& options, std::size_t value) {
               options.max_response_bytes = value;
               return std::string();
             });
  table.size("max_work_bytes",
             "that the work on all messages together may hold; beyond: 503; default: half of the "
             "memory limit, else 1Gi",
             [](Options& options, std::size_t value) -> std::string {
               if (value < kLeastWorkBytes) return "must be at least " + size_text(kLeastWorkBytes);
               options.max_work_bytes = value;
               return "";
             });
  table.duration("read_timeout", &Options::read_timeout, "for a whole head to arrive; beyond: 408");
  table.duration("progress_timeout", &Options::progress_timeout,
                 "without a byte of progress in a body (408), or in writing an answer");
  table.duration("idle_timeout", &Options::idle_timeout, "of a connection between two requests");

  table.group("gRPC");
  table.size("grpc_max_message_size",
             "of one message, either way; beyond: RESOURCE_EXHAUSTED; instead of the annotation "
             "seldon.io/grpc-max-message-size; default: that, else 2147483647",
             [](Options& options, std::size_t value) -> std::string {
               if (value == 0 || value > kMostGrpcMessage) return "must be from 1 to 2147483647";
               options.grpc_max_message_size = value;
               return "";
             });
  table.number("grpc_max_concurrent_streams", &Options::grpc_max_streams,
               "calls at a time on one connection; 0: no limit");
  table.duration("grpc_keepalive_time", &Options::grpc_keepalive_time,
                 "a connection without a word is pinged after so long; 0s: never", milliseconds(0));
  table.duration("grpc_keepalive_timeout", &Options::grpc_keepalive_timeout,
                 "for the ping's answer; beyond, the connection is closed");
  table.duration("grpc_max_connection_age", &Options::grpc_max_connection_age,
                 "then a caller is told to connect anew, so that callers rebalance; 0s: never",
                 milliseconds(0));

  table.group("Nodes");
  table.duration("connect_timeout", &Options::connect_timeout, "to connect to a node's address");
  table.duration("dns_refresh", &Options::dns_refresh, "between two look-ups of a node's name");
  table.toggle("full_health_checks", &Options::full_health_checks,
               "readiness asks each node's health path, instead of connecting to its port");

  table.group("Metrics and logging");
  table.text("prometheus_path", "PATH", &Options::prometheus_path, "path of the metrics");
  table.add("histogram_buckets", "LIST",
            "upper bounds in seconds, such as 0.001,0.01,0.1; default: docs/metrics.md", "",
            [](Options& options, std::string_view given) {
              return take_buckets(given, options.histogram_buckets);
            });
  table.toggle("metrics_summaries", &Options::metrics_summaries,
               "also the ..._requests_seconds_summary families");
  table.toggle("debug", &Options::debug,
               "log lines for people, from debug up; also by SELDON_DEBUG");
  table.text("log_level", "LEVEL", &Options::log_level,
             "DEBUG, INFO, WARNING, ERROR or FATAL; also by SELDON_LOG_LEVEL");

  table.group("Shutdown");
  table.duration("shutdown_delay", &Options::shutdown_delay,
                 "how long to serve on after SIGTERM, with /ready at 503; at least 500ms",
                 milliseconds(0));
  table.duration("graceful_timeout", &Options::graceful_timeout,
                 "how long requests may then take to end; beyond: exit code 1", milliseconds(0));
}

void add_later(Table& table) {
  table.group(kLaterGroup);
  table.text("transport", "NAME", &Options::transport,
             "rest or grpc; nodes are called as the request came in, so this is not looked at");
  table.text("server_type", "NAME", &Options::server_type, "rpc; with kafka it refuses to start");
  table.text("config", "FILE", &Options::config, "a kubeconfig");
  table.text("hostname", "NAME", &Options::hostname, "source of log events; default: POD_NAME");
  table.number("logger_workers", &Options::logger_workers, "senders of payload logs", kAnyLeast);
  table.number("log_work_buffer_size", &Options::log_work_buffer_size, "queue of payload logs",
               kAnyLeast);
  table.number("log_write_timeout_ms", &Options::log_write_timeout_ms, "wait when it is full",
               kAnyLeast);
  table.text("kafka_broker", "HOST", &Options::kafka_broker, "Kafka mode");
  table.text("kafka_input_topic", "TOPIC", &Options::kafka_input_topic, "Kafka mode");
  table.text("kafka_output_topic", "TOPIC", &Options::kafka_output_topic, "Kafka mode");
  table.toggle("kafka_full_graph", &Options::kafka_full_graph, "Kafka mode");
  table.number("kafka_workers", &Options::kafka_workers, "Kafka mode", kAnyLeast);
  table.toggle("kafka_auto_commit", &Options::kafka_auto_commit, "Kafka mode");
  table.text("log_kafka_broker", "HOST", &Options::log_kafka_broker, "payload logs to Kafka");
  table.text("log_kafka_topic", "TOPIC", &Options::log_kafka_topic, "payload logs to Kafka");
}

}  // namespace

std::string Flag::variable() const {
  std::string made(kVariablePrefix);
  for (const char c : name) made += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return made;
}

std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> kAll = [] {
    Table table;
    add_graph(table);
    add_serving(table);
    add_later(table);
    return std::move(table.flags);
  }();
  return kAll;
}

const Flag* find_flag(std::string_view name) {
  const auto found = std::find_if(flags().begin(), flags().end(),
                                  [name](const Flag& flag) { return flag.name == name; });
  return found == flags().end() ? nullptr : &*found;
}

}  // namespace infergraph::engine
