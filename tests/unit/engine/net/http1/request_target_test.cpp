#include "engine/net/http1/request_target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infergraph::engine {
namespace {

struct Line {
  const char* verb;
  const char* target;
  const char* path;  // null: refused
  const char* query = "";
};

void PrintTo(const Line& line, std::ostream* out) { *out << line.verb << ' ' << line.target; }

class Targets : public ::testing::TestWithParam<Line> {};

TEST_P(Targets, AreReadAsTheRfcHasThem) {
  const auto target = read_target(GetParam().verb, GetParam().target);
  ASSERT_EQ(target.has_value(), GetParam().path != nullptr);
  if (!target) return;
  EXPECT_EQ(target->path, GetParam().path);
  EXPECT_EQ(target->query, GetParam().query);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Targets,
    ::testing::Values(
        // origin-form
        Line{"GET", "/", "/"}, Line{"GET", "/a/b", "/a/b"}, Line{"GET", "//a//", "//a//"},
        Line{"GET", "/a?", "/a"}, Line{"GET", "/a?x=1", "/a", "x=1"},
        Line{"GET", "/a?x=1?y=/2", "/a", "x=1?y=/2"}, Line{"GET", "/a?x=%zz", "/a", "x=%zz"},
        Line{"GET", "/a%20b", "/a%20b"}, Line{"GET", "/a%2fb", "/a%2fb"},
        Line{"GET", "/\xc3\xa4|\"<>", "/\xc3\xa4|\"<>"}, Line{"GET", "/http://x/", "/http://x/"},
        Line{"GET", "/a#b", nullptr}, Line{"GET", "/a?b#c", nullptr}, Line{"GET", "/#", nullptr},
        Line{"GET", "/%", nullptr}, Line{"GET", "/%4", nullptr}, Line{"GET", "/%4g", nullptr},
        Line{"GET", "/%%20", nullptr}, Line{"GET", "/%00", nullptr}, Line{"GET", "/a%-1", nullptr},
        Line{"GET", "/a%+1", nullptr}, Line{"GET", "/a%0", nullptr},
        // absolute-form
        Line{"GET", "http://h/a?b", "/a", "b"}, Line{"GET", "HTTP://h:80/a", "/a"},
        Line{"GET", "https://h/", "/"}, Line{"GET", "http://h", "/"},
        Line{"GET", "http://h?x=/y", "/", "x=/y"}, Line{"GET", "http://[::1]:8000/a", "/a"},
        Line{"GET", "http://h:/a", "/a"}, Line{"OPTIONS", "http://h", "/"},
        Line{"GET", "http://user@h/a", nullptr}, Line{"GET", "http://user:pw@h/a", nullptr},
        Line{"GET", "http://h:x/a", nullptr}, Line{"GET", "http:///a", nullptr},
        Line{"GET", "http://", nullptr}, Line{"GET", "http://a b/", nullptr},
        Line{"GET", "http://h/a#b", nullptr}, Line{"GET", "http://h#b", nullptr},
        Line{"GET", "http:/h/a", nullptr}, Line{"GET", "ftp://h/a", nullptr},
        Line{"GET", "file:///etc/passwd", nullptr}, Line{"GET", "://h/a", nullptr},
        Line{"GET", "http://h/%zz", nullptr},
        // asterisk-form
        Line{"OPTIONS", "*", "*"}, Line{"GET", "*", nullptr}, Line{"OPTIONS", "**", nullptr},
        Line{"OPTIONS", "*/a", nullptr}, Line{"CONNECT", "*", "*"},
        // authority-form
        Line{"CONNECT", "h:443", "h:443"}, Line{"CONNECT", "[::1]:443", "[::1]:443"},
        Line{"CONNECT", "u@h:443", nullptr}, Line{"CONNECT", "/a", "/a"},
        Line{"GET", "h:443", nullptr}, Line{"GET", "live", nullptr}, Line{"GET", "", nullptr},
        Line{"GET", "?x", nullptr}, Line{"GET", "..", nullptr}, Line{"GET", "\\live", nullptr}));

TEST(Hosts, AreNamesAndAddressesWithPorts) {
  for (const std::string_view good :
       {"a", "a.b", "A-1_2.example.com.", "localhost:8000", "10.0.0.1:80", "a:", "[::1]",
        "[::1]:80", "[fe80::1%25eth0]:80", "a%20b", "m-1.ns.svc.cluster.local", "a~b", "a;b=c",
        "*"}) {
    EXPECT_TRUE(is_host(good)) << good;
  }
  for (const std::string_view bad :
       {"",       ":80",  "a b",  "a/b",   "a@b",      "a:b", "a:80:80", "a:-1",   "a:8 0",   "a?b",
        "a#b",    "a\\b", "a..b", "..",    "[::1",     "[]",  "[:]x",    "[::1]x", "[::1]:x", "::1",
        "a[::1]", "a\"b", "<a>",  "a,b:x", "\xc3\xa4", "{a}", "a|b",     "a^b",    "a`b"}) {
    EXPECT_FALSE(is_host(bad)) << bad;
  }
  EXPECT_FALSE(is_host(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace infergraph::engine
