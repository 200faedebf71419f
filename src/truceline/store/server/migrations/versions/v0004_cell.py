"""The cells that statements name: no database keeps one that is finer than resolution 5, whoever writes to it.

An entry is read when it is added. If it is a statement that tells of an area, its cells go into a table of their own,
whose constraint is the floor; a cell that breaks it takes the entry with it, and so does a field that such a statement
does not have. What is sealed the database cannot read: the keeper opens it before it gets here.
"""

from __future__ import annotations

from alembic import op

from truceline.store.cells import CELLED, FIELDS, check_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KNOWN = {
    "allegation": "against cells day terms text units",
    "area": "cells day group text",
    "handover": "cells day format kind period text to",
    "map-answer": "agrees disputes text to",
    "map-proposal": "cells text",
    "map-version": "cells replaces text",
}
"""The fields that each of these has; one more is refused."""

TABLE = f"""
create table truceline.cell (
  "index" bigint not null check ("index" >= 0),
  field text not null check (field in ({", ".join(f"'{field}'" for field in FIELDS)})),
  cell bigint not null constraint coarse check ({check_sql()}),
  primary key ("index", field, cell)
)
"""

_KINDS = ", ".join(f"'{kind}'" for kind in CELLED)
_FIELDS = " ".join(
    f"when '{kind}' then array[{', '.join(repr(one) for one in fields.split())}]" for kind, fields in KNOWN.items()
)

# What is no envelope of ours is not read: the hash of every entry is checked against the log by whoever reads it.
READ = f"""
create function truceline.read_cells() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare statement json; body json; field text; one text;
begin
  begin
    statement := convert_from(decode(convert_from(new.bytes, 'UTF8')::json ->> 'payload', 'base64'), 'UTF8')::json;
    if coalesce(statement ->> 'type', '') not in ({_KINDS}) then return new; end if;
    body := statement -> 'body';
    if body is null or json_typeof(body) <> 'object' then return new; end if;
  exception when others then return new;
  end;
  for field in select json_object_keys(body) loop
    if field <> all (case statement ->> 'type' {_FIELDS} end) then
      raise exception 'an area has no field of this name' using errcode = 'check_violation';
    end if;
    if field in ({", ".join(f"'{field}'" for field in FIELDS)}) then
      for one in select json_array_elements_text(body -> field) loop
        if one !~ '^8[0-9a-f]{{14}}$' then
          raise exception 'not a cell' using errcode = 'check_violation';
        end if;
        insert into truceline.cell values (new."index", field, ('x' || lpad(one, 16, '0'))::bit(64)::bigint)
          on conflict do nothing;
      end loop;
    end if;
  end loop;
  return new;
end $$
"""  # noqa: S608  # names of our own


def upgrade() -> None:
    """Make the table; what is there already was taken by the program, and is left as it is."""
    op.execute(TABLE.replace(":", r"\:"))
    op.execute(READ.replace(":", r"\:"))
    op.execute("revoke all on function truceline.read_cells() from public")
    op.execute("create trigger never before update or delete or truncate on truceline.cell "
               "for each statement execute function truceline.never()")  # fmt: skip
    op.execute("create trigger cells before insert on truceline.entry "
               "for each row execute function truceline.read_cells()")  # fmt: skip


def downgrade() -> None:
    """A case is not taken back."""
    raise NotImplementedError("a case is not taken back: drop the database if that is what you mean")
