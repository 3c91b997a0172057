#include "engine/api/ready_state.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string_view>
#include <utility>

namespace infergraph::engine {

ReadyState::ReadyState(std::vector<Endpoint> endpoints, Pace pace, metrics::GaugeCell* gauge)
    : pace_(pace), gauge_(gauge), missing_(endpoints.size()) {
  watched_.reserve(endpoints.size());
  for (Endpoint& endpoint : endpoints) watched_.push_back({.endpoint = std::move(endpoint)});
  update();
}

ReadyState::News ReadyState::take(std::size_t index, Look look) {
  Watched& watched = watched_[index];
  News news = News::kNone;
  if (look.exhausted && !look.error.empty()) {
    if (!std::exchange(watched.told_exhausted, true)) news = News::kExhausted;
  } else {
    watched.told_exhausted = false;
    const bool is_up = look.error.empty();
    const bool is_first = !std::exchange(watched.looked, true);
    const bool is_news = is_first || is_up != watched.error.empty();
    if (is_news && is_needed(watched.endpoint)) news = is_up ? News::kUp : News::kMissing;
    const std::lock_guard lock(mutex_);
    watched.error = std::move(look.error);
  }
  count(watched);
  update();
  return news;
}

void ReadyState::found_changed() {
  for (Watched& watched : watched_) {
    if (!watched.endpoint.found.empty()) count(watched);
  }
  update();
}

void ReadyState::stop_serving() {
  stopping_ = true;
  update();
}

void ReadyState::on_change(std::function<void(bool ready)> told) {
  told_ = std::move(told);
  told_(ready());
}

Clock::time_point ReadyState::next_look(std::size_t index, Clock::time_point now) const {
  return now + (watched_[index].missing ? pace_.missing : pace_.up);
}

bool ReadyState::is_needed(const Endpoint& endpoint, std::size_t node) {
  return node >= endpoint.found.size() || endpoint.found[node] == nullptr ||
         !endpoint.found[node]->any();
}

bool ReadyState::is_needed(const Endpoint& endpoint) {
  for (std::size_t i = 0; i < endpoint.nodes.size(); ++i) {
    if (is_needed(endpoint, i)) return true;
  }
  return false;
}

void ReadyState::count(Watched& watched) {
  const bool is_missing = !watched.error.empty() && is_needed(watched.endpoint);
  if (is_missing != watched.missing) missing_ += is_missing ? std::size_t{1} : std::size_t(-1);
  watched.missing = is_missing;
}

void ReadyState::update() {
  const bool ready = missing_ == 0 && !stopping_;
  const bool was_ready = ready_.exchange(ready, std::memory_order_acq_rel);
  if (ready != was_ready && told_) told_(ready);
  if (gauge_ != nullptr) gauge_->set(ready ? 1 : 0);
}

std::string ReadyState::report() const {
  std::string info;
  std::vector<std::string_view> missing;
  const std::lock_guard lock(mutex_);
  for (const Watched& watched : watched_) {
    if (watched.error.empty()) continue;
    const Endpoint& endpoint = watched.endpoint;
    for (std::size_t i = 0; i < endpoint.nodes.size(); ++i) {
      if (!is_needed(endpoint, i)) continue;
      info += info.empty() ? "missing: " : ", ";
      info += endpoint.nodes[i] + " (" + endpoint.host + ": " + watched.error + ")";
      missing.emplace_back(endpoint.nodes[i]);
    }
  }
  if (info.empty()) info = "stopping";
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  writer.StartObject();
  writer.Key("status");
  writer.StartObject();
  writer.Key("code");
  writer.Int(503);
  writer.Key("info");
  writer.String(info);
  writer.Key("reason");
  writer.String("UNAVAILABLE");
  writer.Key("status");
  writer.String("FAILURE");
  writer.EndObject();
  writer.Key("missing");
  writer.StartArray();
  for (const std::string_view node : missing) {
    writer.String(node.data(), static_cast<rapidjson::SizeType>(node.size()));
  }
  writer.EndArray();
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace infergraph::engine
