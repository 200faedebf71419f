from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.store.cluster import OWNER, ROLE, cluster
from truceline import LAW, desk
from truceline.desk import projections
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.group import Sight
from truceline.store.server import migrate
from truceline.store.server.gis import LAYERS, SCHEMA

GIS, INNER, STRANGER = "gis_reader", "gis_desk", "gis_stranger"
VIEWS = [view for layer in LAYERS for view in layer.views]
PUBLISHED = [layer.views[0] for layer in LAYERS]
TABLES = [f"{layer.name}_row" for layer in LAYERS]
PARTS = [f"{table}_{ladder}" for table in TABLES for ladder in ("public", "secretariat")]


def has_postgis() -> bool:
    """Whether this PostgreSQL has PostGIS beside it."""
    return bool(cluster().sql("select 1 from pg_available_extensions where name = 'postgis'"))


@pytest.fixture(scope="module")
def roles() -> None:
    """Roles of readers; the tests are skipped, by name, where there is no PostGIS."""
    if not has_postgis():
        pytest.skip("no PostGIS here: on Debian apt-get install postgresql-15-postgis-3")
    for role in (GIS, INNER, STRANGER):
        if (role,) not in cluster().sql("select rolname from pg_roles"):
            cluster().sql(f"create role {role} login")


def with_views() -> str:
    """A database with a record's tables and the views."""
    name = cluster().database()
    cluster().sql("create extension postgis", database=name)
    assert migrate(cluster().url(name, role=OWNER), ROLE, gis_role=GIS, gis_secretariat=INNER) == ()
    return name


@pytest.fixture(scope="module")
def database(roles: None) -> Iterator[str]:
    """The shipped case in PostgreSQL, laid out for both ladders."""
    name = with_views()
    url = cluster().url(name)
    case = desk.demo_case(url)
    desk.add_shipped_reports(case)
    case.close()
    with Service.open(url, Settings(gis_secretariat=True, judging="asked")) as service:
        service.snapshots.refresh()
        assert len(projections.project(service)) == 6
        assert projections.project(service) == []
    yield name


def ask(database: str, role: str, line: str) -> list[tuple[object, ...]]:
    """What a role finds."""
    return cluster().sql(line, database=database, role=role)


def refused(database: str, role: str, line: str) -> str:
    """What the database says to a role that may not."""
    with pytest.raises(psycopg.Error) as told:
        ask(database, role, line)
    return str(told.value)


def everything(what: str) -> str:
    """Asks for all of a table or view."""
    return " ".join(("select * from", f"{SCHEMA}.{what}"))


def counting(what: str) -> str:
    """Asks how many rows it has."""
    return " ".join(("select count(*) from", f"{SCHEMA}.{what}"))


def shown(database: str, ladder: str) -> set[str]:
    """Ids of the assessments of a ladder, as they lie there."""
    found = ask(database, "postgres", "select id, ladder from truceline_gis.assessment_row")
    return {str(row[0]) for row in found if row[1] == ladder}


def hidden(database: str) -> set[str]:
    """Ids that the secretariat is shown and the public is not."""
    found = shown(database, "secretariat") - shown(database, "public")
    assert found, "the case has reports that were not published"
    return found


# -- what is there ---------------------------------------------------------------------------------------------------


def test_the_views_hold_what_the_public_is_shown(database: str) -> None:
    """The same rows as over HTTP, each place no finer than a town, each with the line of the law."""
    url = cluster().url(database)
    with Service.open(url, Settings(judging="asked")) as service:
        snapshot = service.snapshots.refresh()
        view = service.snapshots.view(snapshot, "public")
        wanted = {view.sheet.ids[row].as_py() for row in view.every.tolist()}
        assert all(level <= Sight.TOWN for level in view.seen.level[view.every].tolist())
    found = ask(database, GIS, "select id, sight, law, st_srid(geom) from truceline_gis.published_assessments")
    assert {row[0] for row in found} == wanted == shown(database, "public")
    assert {(row[1], row[2]) for row in found} == {("town", LAW)}
    assert {row[3] for row in found} <= {4326, None}


def test_no_town_is_drawn_finer_than_five_kilometres(database: str) -> None:
    """Nobody averages a position out of the map: every disc is about a point of one grid."""
    found = ask(
        database, GIS,
        "select st_xmax(geom) - st_xmin(geom), st_ymax(geom) - st_ymin(geom) from truceline_gis.published_assessments"
        " where geom is not null",
    )  # fmt: skip
    assert found
    assert min(float(str(row[1])) for row in found) >= 2 * 5_000 / 111_700


def test_zones_have_the_time_for_which_they_exist(database: str) -> None:
    """And those whose map was never published have no geometry."""
    found = ask(database, GIS, "select id, is_withheld, geom is null, st_isvalid(geom) from truceline_gis.zones")
    assert found and any(row[2] is False for row in found)
    assert all(row[2] for row in found if row[1])
    assert all(row[3] in (True, None) for row in found)


def test_the_secretariats_own_view_holds_the_rest(database: str) -> None:
    """A role of its own sees the ladder of its own, and no other."""
    found = ask(database, INNER, "select id from truceline_gis.case_assessments")
    assert {str(row[0]) for row in found} == shown(database, "secretariat")
    assert "permission denied" in refused(database, INNER, "select from truceline_gis.published_assessments")
    assert ask(database, INNER, "select count(*) from truceline_gis.assessment_row where ladder = 'public'") == [(0,)]


@pytest.mark.long
def test_without_the_setting_nothing_of_the_secretariat_is_laid_out(roles: None) -> None:
    """What an earlier setting laid out is taken away."""
    name = with_views()
    case = desk.demo_case(cluster().url(name))
    desk.add_shipped_reports(case)
    case.close()
    plans = set()
    for is_inner, wanted in ((False, 0), (True, 226), (False, 0)):
        with Service.open(cluster().url(name), Settings(gis_secretariat=is_inner, judging="asked")) as service:
            service.snapshots.refresh()
            projections.project(service)
        assert len(shown(name, "secretariat")) == wanted
        assert len(shown(name, "public")) == 222
        cluster().sql("vacuum analyze", database=name)
        plans.add("\n".join(str(row[0]) for row in ask(name, GIS, f"explain {everything('assessment_row')}")))
    assert len(plans) == 1, "neither a cost nor an estimate tells how many rows are hidden"


@pytest.mark.long
def test_a_job_lays_out_what_was_added(roles: None, tmp_path: Path) -> None:
    """After an addition the views know of it, by themselves."""
    import threading

    name = with_views()
    url = cluster().url(name)
    desk.demo_case(url).close()
    with Service.open(url, Settings(judging="asked")) as service:
        service.snapshots.refresh()
        service.jobs.start()
        desk.add_shipped_reports(service.case)
        projections.notice(service)
        service.snapshots.refresh()
        pause = threading.Event()
        for _ in range(200):
            if ask(name, GIS, "select count(*) from truceline_gis.published_assessments") != [(0,)]:
                break
            pause.wait(0.1)
        assert len(shown(name, "public")) == 222


# -- the walls -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [*PARTS, "written", "version", *(layer.views[1] for layer in LAYERS)])
def test_the_first_wall_lets_a_reader_use_its_views_alone(database: str, what: str) -> None:
    """The parts behind them, and the views of another ladder, are not even asked."""
    assert "permission denied" in refused(database, GIS, everything(what))


@pytest.mark.parametrize("what", [*VIEWS, *TABLES, *PARTS, "written"])
def test_a_role_that_was_not_named_sees_nothing(database: str, what: str) -> None:
    """Nor does the public of the database."""
    assert "permission denied" in refused(database, STRANGER, everything(what))


def test_the_second_wall_holds_where_the_first_is_open(database: str) -> None:
    """Asked of the tables themselves, a reader is shown the rows of its ladder and no others."""
    found = ask(database, GIS, "select id, ladder from truceline_gis.assessment_row")
    assert {str(row[0]) for row in found} == shown(database, "public")
    assert {row[1] for row in found} == {"public"}


def test_the_owner_of_the_tables_is_behind_the_wall_too(database: str) -> None:
    """Row security is forced: who owns the tables has to take it away on purpose."""
    for table in TABLES:
        assert ask(database, OWNER, counting(table)) == [(0,)]
    flags = ask(
        database, "postgres",
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'truceline_gis'"
        " and relkind in ('r', 'p') and relname like '%row%' and not (relrowsecurity and relforcerowsecurity)",
    )  # fmt: skip
    assert flags == []


REFUSALS = ("permission denied", "must be owner", "must be superuser", "row-level security", "must have", "not owner")


@pytest.mark.parametrize("role", [GIS, INNER])
@pytest.mark.parametrize(
    "line",
    [
        "insert into truceline_gis.zone_row (ladder, fid) values ('public', 9999)",
        "update truceline_gis.zone_row set name = 'x'",
        "delete from truceline_gis.zones",
        "truncate truceline_gis.zone_row",
        "drop view truceline_gis.zones",
        "alter table truceline_gis.zone_row disable row level security",
        "create policy more on truceline_gis.zone_row using (true)",
        "create table truceline_gis.mine (x int)",
        f"set role {OWNER}",
        f"set role {ROLE}",
        "set session authorization postgres",
        "alter role current_user bypassrls",
        "grant select on truceline_gis.zone_row_secretariat to current_user",
        "copy truceline_gis.assessment_row_secretariat to stdout",
        "copy (select 1) to program 'cat'",
        "select pg_read_file('postgresql.conf')",
        "select lo_import('/etc/hostname')",
        "set row_security = off; select * from truceline_gis.assessment_row",
        "select * from truceline.entry",
        "select * from truceline.evidence_file",
        "select * from truceline.projection",
        "select * from truceline_service.job",
    ],
)
def test_a_reader_can_do_nothing_else(database: str, role: str, line: str) -> None:
    """Neither change anything, nor take rights, nor reach the record, nor switch a wall off."""
    said = refused(database, role, line)
    assert any(word in said for word in REFUSALS), said


@pytest.mark.parametrize(
    "trick",
    [
        "set truceline.reader = 'secretariat'",
        "set search_path = pg_temp, public, truceline_gis",
        "set role none",
        "set row_security = on",
        "set constraint_exclusion = off",
        "set enable_partition_pruning = off",
        "set plan_cache_mode = force_generic_plan",
        "set statement_timeout = 0",
    ],
)
def test_no_setting_opens_a_wall(database: str, trick: str) -> None:
    """What a session can set changes nothing of what it sees."""
    with psycopg.connect(host=str(cluster().room), user=GIS, dbname=database, autocommit=True) as db:
        db.execute(trick.encode())
        found = {row[0] for row in db.execute("select id from truceline_gis.assessment_row")}
        views = {row[0] for row in db.execute("select id from truceline_gis.published_assessments")}
    assert found == views == shown(database, "public")


def notices(database: str, *lines: str) -> str:
    """Everything that a session of the reader is told by the way."""
    said: list[str] = []
    with psycopg.connect(host=str(cluster().room), user=GIS, dbname=database, autocommit=True) as db:
        db.add_notice_handler(lambda one: said.append(one.message_primary or ""))
        for line in lines:
            try:
                db.execute(line.encode())
            except psycopg.Error as error:
                said.append(str(error))
    return "\n".join(said)


LEAK = (
    "create function pg_temp.leak(x text) returns boolean language plpgsql cost 0.0000001 as"
    " $$begin raise notice '%', x; return true; end$$"
)
BREAK = (
    "create function pg_temp.break(x text) returns boolean language plpgsql cost 0.0000001 as"
    " $$begin if x not in (select id from truceline_gis.published_assessments) then raise exception 'found %', x;"
    " end if; return true; end$$"
)


@pytest.mark.parametrize("what", ["published_assessments", "assessment_row"])
def test_no_function_of_a_reader_is_asked_about_a_hidden_row(database: str, what: str) -> None:
    """However cheap it claims to be: what it tells of, and what it fails on, are rows that the reader sees."""
    told = notices(database, LEAK, f"{counting(what)} where pg_temp.leak(id)")
    assert all(one in told for one in shown(database, "public"))
    assert not any(one in told.split("\n") for one in hidden(database))
    assert "found" not in notices(database, BREAK, f"{counting(what)} where pg_temp.break(id)")


def test_no_error_tells_of_a_hidden_row(database: str) -> None:
    """A division that fails on a row would say that it is there."""
    for one in sorted(hidden(database))[:3]:
        line = f"select count(1 / (case when id = '{one}' then 0 else 1 end)) from"
        assert notices(database, f"{line} truceline_gis.assessment_row") == ""
        cast = f"{counting('assessment_row')} where id = '{one}' and cast(id as integer) > 0"
        assert notices(database, cast) == ""


def test_no_estimate_of_the_planner_tells_of_hidden_rows(database: str) -> None:
    """It plans over the rows of the reader's ladder alone, whatever statistics there are."""
    cluster().sql("analyze", database=database)
    for what in ("published_assessments", "assessment_row"):
        for where in ("", "where ladder = 'secretariat'", "where ladder <> 'public'"):
            if where and what != "assessment_row":
                continue
            for line in ("explain (costs on)", "explain (analyze, costs on, timing off, summary off)"):
                plan = "\n".join(str(row[0]) for row in ask(database, GIS, f"{line} {everything(what)} {where}"))
                assert "secretariat" not in plan.replace("'secretariat'", ""), plan


def test_statistics_and_sizes_of_columns_are_not_for_readers(database: str) -> None:
    """What values a column has most is what row security hides."""
    cluster().sql("analyze", database=database)
    assert ask(database, GIS, "select count(*) from pg_stats where schemaname = 'truceline_gis'") == [(0,)]
    assert "permission denied" in refused(database, GIS, "select * from pg_statistic")
    toast = ask(
        database, "postgres",
        "select reltoastrelid::regclass from pg_class where relname = 'assessment_row_secretariat'",
    )[0][0]  # fmt: skip
    assert "permission denied" in refused(database, GIS, f"table {toast}")


def test_a_reader_is_told_no_number_of_hidden_rows_where_none_is_laid_out(database: str) -> None:
    """PostgreSQL tells everybody about how many rows a table has: so what is hidden is not there, by default."""
    rows = ask(database, GIS, "select reltuples::int from pg_class where relname = 'assessment_row_secretariat'")
    assert rows != [(0,)], "with the setting it is there, as the how-to says"
    assert Settings().gis_secretariat is False


def test_no_notified_site_person_or_origin_has_a_column(database: str) -> None:
    """What is in no table is reached by nobody."""
    found = ask(
        database, "postgres",
        "select column_name from information_schema.columns where table_schema = 'truceline_gis'",
    )  # fmt: skip
    names = " ".join(str(row[0]) for row in found)
    assert not any(word in names for word in ("site", "origin", "person", "reporter", "note", "asserted", "url", "lon"))


# -- as it is used ---------------------------------------------------------------------------------------------------


def test_ogrinfo_reads_the_views(database: str) -> None:
    """GDAL is what QGIS reads PostGIS with."""
    ogrinfo = shutil.which("ogrinfo")
    formats = subprocess.run([ogrinfo or "true", "--formats"], capture_output=True, check=False, text=True).stdout
    if "PostgreSQL" not in formats:
        pytest.skip("no ogrinfo with the PostgreSQL driver here: on Debian apt-get install gdal-bin")
    where = f"PG:host={cluster().room} dbname={database} user={GIS} schemas={SCHEMA}"
    listed = subprocess.run([str(ogrinfo), "-ro", where], capture_output=True, check=True, text=True).stdout
    for view in PUBLISHED:
        assert view in listed
    told = subprocess.run(
        [str(ogrinfo), "-ro", "-so", where, "published_assessments"], capture_output=True, check=True, text=True
    ).stdout
    assert "Feature Count: 222" in told and "WGS 84" in told and "Geometry Column = geom" in told
    one = subprocess.run(
        [str(ogrinfo), "-ro", where, "zones", "-where", "geom is not null", "-limit", "1"],
        capture_output=True, check=False, text=True,
    ).stdout  # fmt: skip
    assert "MULTIPOLYGON" in one or "zones" in listed


# -- how it came to be -----------------------------------------------------------------------------------------------


def test_without_postgis_the_record_works_and_it_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing fails; when PostGIS comes, the same command makes the views."""
    from truceline.store.server.__main__ import main

    name = cluster().empty_database()
    for word in ("no views for a GIS: PostGIS is not in this database", "no views"):
        assert main([cluster().url(name, role=OWNER), "--role", ROLE]) == 0
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "GIS" in line]
        assert word in line
    desk.demo_case(cluster().url(name)).close()
    with Service.open(cluster().url(name), Settings(judging="asked")) as service:
        assert not projections.has_views(service)
    if has_postgis():
        cluster().sql("create extension postgis", database=name)
        assert main([cluster().url(name, role=OWNER), "--role", ROLE]) == 0
        assert "GIS" not in capsys.readouterr().out
        assert ask(name, ROLE, "select count(*) from truceline_gis.zone_row") == [(0,)]


def test_tables_of_an_earlier_version_are_brought_up(roles: None) -> None:
    """From the version before this one: what is kept stays, the room and the views are added."""
    from alembic import command
    from alembic.config import Config

    from truceline.store.server import link

    name = cluster().empty_database()
    cluster().sql("create extension postgis", database=name)
    config = Config()
    config.set_main_option("script_location", str(Path(link.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    wires = link.engine(link.address(cluster().url(name, role=OWNER)), is_reader=False)
    with wires.begin() as connection:
        connection.exec_driver_sql("create schema truceline")
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    wires.dispose()
    cluster().sql("insert into truceline.projection values ('kept', 'x')", database=name, role=OWNER)
    assert migrate(cluster().url(name, role=OWNER), ROLE, gis_role=GIS) == ()
    assert ask(name, GIS, "select count(*) from truceline_gis.zones") == [(0,)]
    assert ask(name, ROLE, "select name from truceline.projection") == [("kept",)]


def test_naming_another_role_takes_the_rights_of_the_one_before(roles: None) -> None:
    """And naming none leaves them as they are."""
    name = with_views()
    url = cluster().url(name, role=OWNER)
    migrate(url, ROLE)
    assert ask(name, GIS, "select count(*) from truceline_gis.zones") == [(0,)]
    migrate(url, ROLE, gis_role=STRANGER)
    assert "permission denied" in refused(name, GIS, "select * from truceline_gis.zones")
    assert ask(name, STRANGER, "select count(*) from truceline_gis.zones") == [(0,)]
    assert ask(name, INNER, "select count(*) from truceline_gis.case_zones") == [(0,)]


def test_what_a_row_answers_is_json(database: str) -> None:
    """So that a GIS can filter by term."""
    (row,) = ask(database, GIS, "select answers from truceline_gis.published_assessments limit 1")
    assert set(json.loads(str(row[0])).values()) <= {-1, 0, 1}
