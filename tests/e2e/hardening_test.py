"""What the built program is made of: Debian's hardening (cmake/compiler.cmake)."""

import shutil
import subprocess
import unittest

from engine import BINARY, sanitized


@unittest.skipUnless(shutil.which("readelf"), "no readelf")
@unittest.skipIf(sanitized(), "sanitizer builds go without")
class HardeningTest(unittest.TestCase):
    def readelf(self, *arguments):
        return subprocess.run(["readelf", "--wide", *arguments, BINARY], check=True,
                              capture_output=True, text=True).stdout

    def test_position_independent(self):
        self.assertRegex(self.readelf("--file-header"), r"Type: +DYN ")
        self.assertRegex(self.readelf("--dynamic"), r"\(FLAGS_1\).*\bPIE\b")

    def test_bound_at_start_and_read_only_then(self):
        self.assertRegex(self.readelf("--dynamic"), r"\(FLAGS_1\).*\bNOW\b")
        self.assertIn("GNU_RELRO", self.readelf("--program-headers"))

    def test_nothing_is_written_and_run(self):
        self.assertRegex(self.readelf("--program-headers"), r"GNU_STACK +\S+ \S+ \S+ \S+ \S+ RW +")
        self.assertNotIn("TEXTREL", self.readelf("--dynamic"))

    def test_no_path_to_libraries(self):
        self.assertNotRegex(self.readelf("--dynamic"), r"\((RPATH|RUNPATH)\)")

    def test_stack_protector_and_fortify(self):
        symbols = self.readelf("--dyn-syms")
        self.assertIn("__stack_chk_fail", symbols)
        self.assertRegex(symbols, r"__(memcpy|snprintf|fprintf|read|memmove|vsnprintf)_chk\b")


if __name__ == "__main__":
    unittest.main()
