#include "engine/command_line/read_file.hpp"

#include <cerrno>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace infergraph::engine {

protocol::Result<std::string> read_file(const std::string& name) {
  const auto refuse = [](const std::string& why) {
    return protocol::Status(protocol::Code::kInvalidArgument, why);
  };
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) return refuse("it is a directory");
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  if (!file) return refuse(std::generic_category().message(errno));
  try {
    return std::string(std::istreambuf_iterator<char>(file), {});
  } catch (const std::exception&) {  // as the library tells a read that failed
    return refuse(std::generic_category().message(errno));
  }
}

}  // namespace infergraph::engine
