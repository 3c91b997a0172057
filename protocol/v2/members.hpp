#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json/json.hpp"
#include "protocol/role.hpp"
#include "protocol/tensor/message.hpp"

namespace infergraph::protocol {

/// Where the parts of v2's JSON lie, a request's or an answer's; `data` is not looked into.
/// Borrows: the text that is visited. Errors: `problem_`, with the path of what is wrong.
class V2Finder final : public json::Visitor {
 public:
  struct Item {
    Tensor tensor;  // its name and its parameters
    std::string datatype;
    std::string_view shape;
    std::string_view data;
  };

  /// Without `tensors` their list is not looked into, whatever is in it.
  explicit V2Finder(Role role, bool tensors = true)
      : list_(role == Role::kRequest ? "inputs" : "outputs"), role_(role), tensors_(tensors) {}

  bool enter(const json::Path& path, json::Kind kind) override;
  void value(const json::Path& path, json::Kind kind, std::string_view text) override;

  std::string_view list_;  // what the tensors' list is called
  Role role_;
  bool tensors_;
  bool has_list_ = false;
  std::string id_;
  std::string model_name_;
  std::string model_version_;
  std::string error_;  // an excerpt of it
  Parameters parameters_;
  std::vector<RequestedOutput> requested_;
  std::vector<Item> items_;
  std::optional<std::string> problem_;

 private:
  bool is_requested(const json::Path& path) const;
  void member(const json::Path& path, json::Kind kind, std::string_view text);
  void end_element(const json::Path& path, json::Kind kind);
  void element_member(const json::Path& path, json::Kind kind, std::string_view text);
  void add(Parameters& into, const json::Path& path, std::size_t level, json::Kind kind,
           std::string_view text);
  bool pay(const json::Path& path, std::size_t work);
  void expect(const json::Path& path, json::Kind wanted, json::Kind found);
  void refuse(const json::Path& path, std::string_view why);
};

}  // namespace infergraph::protocol
