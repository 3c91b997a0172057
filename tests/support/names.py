"""A name with several addresses, as a headless Service has it, for one engine alone: that runs with
an /etc/hosts of its own, which may change under it."""

import pathlib
import shutil
import subprocess
import tempfile

MOUNT = 'mount --bind "$0" /etc/hosts && exec "$@"'


class Names:
    """Engine(…, wrapper=names.wrapper) sees `names.host` at the addresses given."""

    host = "nodes.test"

    def __init__(self, *addresses):
        self.folder = tempfile.TemporaryDirectory(prefix="infergraph-names-")
        self.file = pathlib.Path(self.folder.name, "hosts")
        self.set(*addresses)
        self.wrapper = ("unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(self.file))

    def set(self, *addresses):
        """In place: the file that is mounted is this one."""
        lines = ["127.0.0.1 localhost"] + [f"{address} {self.host}" for address in addresses]
        self.file.write_text("\n".join(lines) + "\n", encoding="ascii")

    def works(self):
        """Namespaces may be forbidden where the tests run."""
        return bool(shutil.which("unshare")) and subprocess.run(
            [*self.wrapper, "grep", "-q", self.host, "/etc/hosts"], check=False,
            capture_output=True).returncode == 0

    def close(self):
        self.folder.cleanup()
