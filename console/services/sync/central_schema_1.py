"""The centre's first migration: tables, guards, functions and views of version 1; never edited, only built upon.

Every key starts with tenant and site; no sequences, no cross-site keys; events and receipts are never changed.
"""

from typing import Any

import psycopg
from psycopg import sql

PARTITIONS = 8

_TABLES = """
create schema leitstand;
create table leitstand.meta (name text primary key, value text not null);
insert into leitstand.meta values ('centre_id', gen_random_uuid()::text), ('min_client', '1');

create table leitstand.event (
  tenant_id uuid not null, site_id uuid not null, stream_id uuid not null, seq bigint not null, hash bytea not null,
  prev_hash bytea not null, hlc bigint not null, wall_us bigint not null, station_id uuid not null,
  etype text not null, ever int not null, entity_type text not null, entity_id text not null, user_id text not null,
  tx_id uuid not null, tx_n int not null, body bytea not null, sig bytea not null,
  recv_at timestamptz not null default now(),
  primary key (tenant_id, site_id, stream_id, seq, hash)) partition by hash (site_id);
create index event_entity on leitstand.event (tenant_id, site_id, entity_type, entity_id, hlc);
create index event_kind on leitstand.event (tenant_id, site_id, etype, hlc);

create table leitstand.stream (
  tenant_id uuid not null, site_id uuid not null, stream_id uuid not null, station_id uuid not null,
  opened_hlc bigint not null, primary key (tenant_id, site_id, stream_id));

create table leitstand.stream_tip (
  tenant_id uuid not null, site_id uuid not null, stream_id uuid not null, hash bytea not null, seq bigint not null,
  primary key (tenant_id, site_id, stream_id, hash));

create table leitstand.receipt (
  tenant_id uuid not null, site_id uuid not null, peer_id uuid not null, stream_id uuid not null, seq bigint not null,
  hash bytea not null, at timestamptz not null default now(),
  primary key (tenant_id, site_id, peer_id, stream_id, seq, hash));

create table leitstand.station (
  tenant_id uuid not null, site_id uuid not null, station_id uuid not null, code text not null,
  pg_role text not null default '', seen_at timestamptz not null default now(),
  primary key (tenant_id, site_id, station_id));

create table leitstand.alarm_log (
  tenant_id uuid not null, site_id uuid not null, condition_id uuid not null, start_us bigint not null,
  transition text not null, n int not null, at_us bigint not null, receive_us bigint not null, priority int not null,
  severity int not null, value double precision, text text not null, subject text not null,
  who text not null default '', station_id uuid not null,
  primary key (tenant_id, site_id, condition_id, start_us, transition, n)) partition by hash (site_id);
create index alarm_log_at on leitstand.alarm_log (tenant_id, site_id, at_us);
"""

_GUARD = """
create function leitstand.refuse_change() returns trigger language plpgsql as $$
begin raise exception '% is never changed', tg_table_name; end $$;
"""

_PUSH = """
create function leitstand.push(p_tenant uuid, p_site uuid, p_events jsonb, p_bodies bytea[], p_sigs bytea[])
returns int language plpgsql security definer set search_path = leitstand, pg_temp as $$
declare r record; v_taken int := 0;
begin
  for r in
    select (e.item->>'stream')::uuid as stream_id, (e.item->>'seq')::bigint as seq,
           decode(e.item->>'hash', 'hex') as hash, decode(e.item->>'prev', 'hex') as prev,
           e.item, p_bodies[e.place] as body, p_sigs[e.place] as sig
    from jsonb_array_elements(p_events) with ordinality as e(item, place)
    order by 1, 2, 3  -- one order for everybody: no deadlocks
  loop
    continue when r.hash <> sha256('leitstand1'::bytea || r.prev || r.body);
    continue when r.seq > 1 and not exists (
      select 1 from event x where x.tenant_id = p_tenant and x.site_id = p_site
        and x.stream_id = r.stream_id and x.seq = r.seq - 1 and x.hash = r.prev);
    insert into event (tenant_id, site_id, stream_id, seq, hash, prev_hash, hlc, wall_us, station_id, etype, ever,
                       entity_type, entity_id, user_id, tx_id, tx_n, body, sig)
    values (p_tenant, p_site, r.stream_id, r.seq, r.hash, r.prev, (r.item->>'hlc')::bigint,
            (r.item->>'wall_us')::bigint, (r.item->>'station')::uuid, r.item->>'etype', (r.item->>'ever')::int,
            r.item->>'entity_type', r.item->>'entity_id', r.item->>'user_id', (r.item->>'tx_id')::uuid,
            (r.item->>'tx_n')::int, r.body, r.sig)
    on conflict do nothing;
    continue when not found;
    v_taken := v_taken + 1;
    if r.seq = 1 then
      insert into stream values (p_tenant, p_site, r.stream_id, (r.item->>'station')::uuid, (r.item->>'hlc')::bigint)
      on conflict do nothing;
    end if;
    delete from stream_tip t where t.tenant_id = p_tenant and t.site_id = p_site
      and t.stream_id = r.stream_id and t.hash = r.prev;
    insert into stream_tip values (p_tenant, p_site, r.stream_id, r.hash, r.seq) on conflict do nothing;
  end loop;
  return v_taken;
end $$;
"""

_READ = """
create function leitstand.tips(p_tenant uuid, p_site uuid)
returns table (stream_id uuid, seq bigint, hash bytea)
language sql stable security definer set search_path = leitstand, pg_temp as $$
  select t.stream_id, t.seq, t.hash from stream_tip t where t.tenant_id = p_tenant and t.site_id = p_site
  order by 1, 2, 3
$$;

create function leitstand.pull(
  p_tenant uuid, p_site uuid, p_stream uuid, p_seq bigint, p_hash bytea, p_limit int, p_bytes bigint)
returns table (seq bigint, hash bytea, body bytea, sig bytea)
language sql stable security definer set search_path = leitstand, pg_temp as $$
  select c.seq, c.hash, c.body, c.sig from (
    select e.seq, e.hash, e.body, e.sig,
           sum(length(e.body)) over w as total, row_number() over w as place
    from (select * from event x where x.tenant_id = p_tenant and x.site_id = p_site and x.stream_id = p_stream
            and (x.seq, x.hash) > (p_seq, p_hash) order by x.seq, x.hash limit p_limit) e
    window w as (order by e.seq, e.hash)) c
  where c.total <= p_bytes or c.place = 1 order by c.seq, c.hash
$$;

create function leitstand.hello(p_tenant uuid, p_site uuid, p_station uuid, p_code text) returns text
language sql security definer set search_path = leitstand, pg_temp as $$
  insert into station (tenant_id, site_id, station_id, code, pg_role)
  values (p_tenant, p_site, p_station, p_code, session_user)
  on conflict (tenant_id, site_id, station_id)
  do update set seen_at = now(), code = excluded.code, pg_role = excluded.pg_role;
  select value from meta where name = 'centre_id'
$$;

create function leitstand.confirm(
  p_tenant uuid, p_site uuid, p_peer uuid, p_streams uuid[], p_seqs bigint[], p_hashes bytea[]) returns void
language sql security definer set search_path = leitstand, pg_temp as $$
  insert into receipt (tenant_id, site_id, peer_id, stream_id, seq, hash)
  select p_tenant, p_site, p_peer, u.* from unnest(p_streams, p_seqs, p_hashes) u on conflict do nothing
$$;

create function leitstand.push_alarm_log(p_tenant uuid, p_site uuid, p_station uuid, p_rows jsonb) returns void
language sql security definer set search_path = leitstand, pg_temp as $$
  insert into alarm_log (tenant_id, site_id, condition_id, start_us, transition, n, at_us, receive_us, priority,
                         severity, value, text, subject, who, station_id)
  select distinct on (x.condition_id, x.start_us, x.transition, x.n)
         p_tenant, p_site, x.condition_id, x.start_us, x.transition, x.n, x.at_us, x.receive_us, x.priority,
         x.severity, x.value, x.text, x.subject, x.who, p_station
  from jsonb_to_recordset(p_rows) as x(condition_id uuid, start_us bigint, transition text, n int, at_us bigint,
       receive_us bigint, priority int, severity int, value double precision, text text, subject text, who text)
  order by x.condition_id, x.start_us, x.transition, x.n, x.receive_us
  on conflict (tenant_id, site_id, condition_id, start_us, transition, n)
  do update set receive_us = excluded.receive_us, station_id = excluded.station_id
  where excluded.receive_us < alarm_log.receive_us
$$;
"""

_VIEWS = """
create view leitstand.fact as
  select tenant_id, site_id, station_id, stream_id, seq, hash, hlc, wall_us as at_us, user_id, etype, ever,
         entity_type, entity_id, recv_at, convert_from(body, 'UTF8')::jsonb -> 'payload' as payload,
         convert_from(body, 'UTF8')::jsonb ->> 'reason' as reason
  from leitstand.event;

create view leitstand.incident_fact as
  select tenant_id, site_id, station_id, stream_id, seq, hlc, at_us, user_id, etype, entity_id::uuid as incident_id,
         payload ->> 'number' as number, payload ->> 'title' as title, payload ->> 'to' as moved_to,
         payload ->> 'text' as text, payload
  from leitstand.fact where entity_type = 'incident';

create view leitstand.acknowledgement as
  select tenant_id, site_id, station_id, stream_id, seq, hlc, at_us, user_id, entity_id::uuid as condition_id,
         (payload ->> 'start_us')::bigint as start_us, (payload ->> 'seen_through_us')::bigint as seen_through_us,
         payload ->> 'comment' as comment
  from leitstand.fact where etype = 'alarm.acknowledged';
"""


def first(connection: "psycopg.Connection[Any]") -> None:
    for text in (_TABLES, _GUARD, _PUSH, _READ, _VIEWS):
        connection.execute(text.encode())
    for table in ("event", "alarm_log"):
        for number in range(PARTITIONS):
            statement = "create table leitstand.{} partition of leitstand.{} for values with (modulus {}, remainder {})"
            names = sql.Identifier(f"{table}_{number}"), sql.Identifier(table)
            connection.execute(sql.SQL(statement).format(*names, sql.Literal(PARTITIONS), sql.Literal(number)))
    guarded = ["event", "receipt", *(f"event_{number}" for number in range(PARTITIONS))]
    for table in guarded:
        names = sql.Identifier(f"{table}_unchanged"), sql.Identifier(table)
        statement = (
            "create trigger {} before update or delete or truncate on leitstand.{} for each statement "
            "execute function leitstand.refuse_change()"
        )
        connection.execute(sql.SQL(statement).format(*names))
    connection.execute("revoke all on all functions in schema leitstand from public")
