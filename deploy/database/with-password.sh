#!/bin/sh
# Run a command as a role of the database whose password lies in a file: libpq reads it from a file of its own form,
# which only this user may read. The password stands on no command line and in no variable of the environment.
#
#   ROLE=truceline with-password.sh truceline serve --store postgresql://truceline@database/record
set -eu
umask 077
password=$(sed 's/[\\:]/\\&/g' "${SECRETS:-/run/secrets}/${ROLE}_password")
printf '*:*:*:%s:%s\n' "$ROLE" "$password" > "$PGPASSFILE"
unset password
exec "$@"
