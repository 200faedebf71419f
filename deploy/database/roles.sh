#!/bin/sh
# Two roles: one owns the tables and is used for nothing else, the other is the one the service runs as.
# Run once by the image of the database, as its administrator. Passwords come from files, and stand on no command line.
set -eu
secrets=${SECRETS:-/run/secrets}
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-record}" <<SQL
\set owner \`cat $secrets/truceline_owner_password\`
\set service \`cat $secrets/truceline_password\`
create role truceline_owner login password :'owner';
create role truceline login password :'service';
create extension if not exists postgis;
alter database :"DBNAME" owner to truceline_owner;
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to truceline;
revoke create on schema public from public;
SQL
