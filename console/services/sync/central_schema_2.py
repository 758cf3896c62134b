"""The centre's second migration: enrolled stations, vectors of the alarm lane, credentials, what auditors may see.

Whoever calls is known by the role that logged in (`session_user`), never by what he says: `caller` finds the station
of that role and refuses unless the tenant and site that were named are its own. Stations have EXECUTE on the
functions and nothing else.
"""

from typing import Any

import psycopg

from console.services.sync.central_lanes_2 import LANES
from console.services.sync.central_push_2 import PUSH, READ

# state "known": seen by version 1, which had one role for all; it is enrolled anew by `leitstand centre enrol`
_TABLES = """
alter table leitstand.station
  add column public_key bytea, add column cert_fpr text not null default '',
  add column state text not null default 'known' check (state in ('known', 'enrolled', 'revoked')),
  add column enrolled_at timestamptz, add column revoked_at timestamptz, add column clock_offset_us bigint;
update leitstand.station set pg_role = '';
create unique index station_role on leitstand.station (pg_role) where pg_role <> '';

alter table leitstand.event add column pushed_by uuid;
create index event_hash on leitstand.event (tenant_id, site_id, hash);
alter table leitstand.receipt add column sig bytea;
insert into leitstand.meta values ('generation', '1'), ('min_protocol', '2'), ('max_protocol', '2');

create table leitstand.revocation (
  tenant_id uuid not null, site_id uuid not null, station_id uuid not null, stream_id uuid not null,
  after_seq bigint not null, at timestamptz not null default now(),
  primary key (tenant_id, site_id, station_id, stream_id, at));

-- per stream, so that nobody waits for another station's transaction; the view event_type tells it per site
create table leitstand.type_registry (
  tenant_id uuid not null, site_id uuid not null, stream_id uuid not null, etype text not null, ever int not null,
  min_reader int not null, primary key (tenant_id, site_id, stream_id, etype, ever));

create table leitstand.archive_segment (
  tenant_id uuid not null, site_id uuid not null, stream_id uuid not null, from_seq bigint not null,
  to_seq bigint not null, first_prev bytea not null, last_hash bytea not null, merkle_root bytea not null,
  uri text not null, tsa_token bytea, primary key (tenant_id, site_id, stream_id, from_seq));

create table leitstand.credential (
  tenant_id uuid not null, site_id uuid not null, user_id text not null, kind text not null, version bigint not null,
  encoded text not null, at_us bigint not null, station_id uuid not null, sig bytea not null,
  primary key (tenant_id, site_id, user_id, kind));

create table leitstand.alarm_lane (
  tenant_id uuid not null, site_id uuid not null, lane_id uuid not null, station_id uuid not null,
  rid bigint not null default 0, primary key (tenant_id, site_id, lane_id));

create table leitstand.alarm_sighting (
  tenant_id uuid not null, site_id uuid not null, lane_id uuid not null, rid bigint not null,
  condition_id uuid not null, start_us bigint not null, transition text not null, n int not null,
  primary key (tenant_id, site_id, lane_id, rid)) partition by hash (site_id);

create table leitstand.alarm_occurrence (
  tenant_id uuid not null, site_id uuid not null, condition_id uuid not null, start_us bigint not null,
  is_ended boolean not null, primary key (tenant_id, site_id, condition_id, start_us));
create index alarm_occurrence_open on leitstand.alarm_occurrence (tenant_id, site_id) where not is_ended;
"""

_DROPPED = """
drop view leitstand.acknowledgement, leitstand.incident_fact, leitstand.fact;
drop function leitstand.push(uuid, uuid, jsonb, bytea[], bytea[]);
drop function leitstand.tips(uuid, uuid);
drop function leitstand.pull(uuid, uuid, uuid, bigint, bytea, int, bigint);
drop function leitstand.hello(uuid, uuid, uuid, text);
drop function leitstand.confirm(uuid, uuid, uuid, uuid[], bigint[], bytea[]);
drop function leitstand.push_alarm_log(uuid, uuid, uuid, jsonb);
"""

_CALLER = r"""
create function leitstand.readable(p_body bytea) returns jsonb
language sql immutable strict parallel safe set search_path = leitstand, pg_temp as $$
  -- jsonb holds neither NUL nor halves of surrogate pairs; the bytes that count are kept as they are
  select case when position('\u' in t) = 0 then t
              else regexp_replace(t, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\\ufffd', 'g') end::jsonb
  from (select convert_from(p_body, 'UTF8') as t) x
$$;

create function leitstand.caller(p_tenant uuid, p_site uuid) returns leitstand.station
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station;
begin
  select * into me from station s where s.pg_role = session_user;
  if not found then
    raise exception 'the role % belongs to no enrolled station', session_user using errcode = '42501',
      hint = 'An administrator enrols it: leitstand centre enrol STATION URL';
  elsif me.state <> 'enrolled' then
    raise exception 'station % was revoked at %', me.code, me.revoked_at using errcode = '42501';
  elsif (me.tenant_id, me.site_id) is distinct from (p_tenant, p_site) then
    raise exception 'station % belongs to another site', me.code using errcode = '42501';
  end if;
  return me;
end $$;

create function leitstand.hello(p_tenant uuid, p_site uuid, p_station uuid, p_code text, p_key bytea, p_low int,
  p_high int, p_clock_us bigint, p_lane uuid)
returns table (centre_id text, generation text, schema_ver int, clock_us bigint, alarm_rid bigint,
               stream_ids uuid[], seqs bigint[], hashes bytea[])
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare
  me station := caller(p_tenant, p_site);
  v_clock bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_meta jsonb := (select jsonb_object_agg(m.name, m.value) from meta m);
begin
  if p_high < (v_meta ->> 'min_protocol')::int or p_low > (v_meta ->> 'max_protocol')::int then
    raise exception 'the centre speaks protocol % to %', v_meta ->> 'min_protocol', v_meta ->> 'max_protocol'
      using errcode = '0A000';
  elsif me.station_id <> p_station then
    raise exception 'this role is of station %, not of %', me.station_id, p_station using errcode = '42501';
  elsif length(p_key) > 0 and p_key is distinct from me.public_key then
    raise exception 'the key of station % is not the enrolled one', me.code using errcode = '42501',
      hint = 'An administrator enrols it anew: leitstand centre enrol STATION URL';
  end if;
  update station s set seen_at = now(), clock_offset_us = v_clock - p_clock_us
  where s.tenant_id = p_tenant and s.site_id = p_site and s.station_id = p_station;
  return query
    select v_meta ->> 'centre_id',
           (select c.system_identifier from pg_control_system() c) || '.'
             || (select c.timeline_id from pg_control_checkpoint() c) || '.' || (v_meta ->> 'generation'),
           (v_meta ->> 'schema_ver')::int, v_clock,
           coalesce((select l.rid from alarm_lane l where l.tenant_id = p_tenant and l.site_id = p_site
                       and l.lane_id = p_lane and l.station_id = p_station), 0),
           coalesce(array_agg(t.stream_id order by t.stream_id, t.seq, t.hash), '{}'),
           coalesce(array_agg(t.seq order by t.stream_id, t.seq, t.hash), '{}'),
           coalesce(array_agg(t.hash order by t.stream_id, t.seq, t.hash), '{}')
    from stream s join stream_tip t using (tenant_id, site_id, stream_id)
    where s.tenant_id = p_tenant and s.site_id = p_site and s.station_id = p_station;
end $$;
"""

VIEW_NAMES = (
    "fact", "incident_fact", "acknowledgement", "user_account", "role_grant", "event_type", "station_state",
    "station_stream", "receipt_state", "alarm_history",
)  # fmt: skip
VIEWS = """
create view leitstand.fact as
  select e.tenant_id, e.site_id, e.station_id, e.stream_id, e.seq, e.hash, e.hlc, e.wall_us as at_us, e.user_id,
         e.etype, e.ever, e.entity_type, e.entity_id, e.recv_at, e.pushed_by, r.doc -> 'payload' as payload,
         r.doc ->> 'reason' as reason
  from leitstand.event e cross join lateral (select leitstand.readable(e.body) as doc) r;

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

-- for reports: the newest fact counts; what a person may do is judged by the stations from all facts
-- login and name are no facts: they stand in the profile and go with it; nothing of a profile here is proven
create view leitstand.user_account as
  select n.tenant_id, n.site_id, n.user_id, p.profile ->> 'login' as login, p.profile ->> 'name' as name,
         coalesce(s.state, 'active') as state, s.into_user, greatest(n.at_us, s.at_us) as at_us
  from (select distinct on (tenant_id, site_id, entity_id) tenant_id, site_id, entity_id as user_id, at_us
        from leitstand.fact where etype = 'user.added'
        order by tenant_id, site_id, entity_id, hlc, hash) n
  left join (select tenant_id, site_id, user_id, case when encoded is json object
                    then leitstand.readable(convert_to(encoded, 'UTF8')) end as profile
             from leitstand.credential where kind = 'profile') p using (tenant_id, site_id, user_id)
  left join (select distinct on (tenant_id, site_id, entity_id) tenant_id, site_id, entity_id as user_id, at_us,
                    case etype when 'user.erased' then 'erased' when 'user.disabled' then 'disabled'
                               when 'user.merged' then 'merged'
                               else 'active' end as state, payload ->> 'into' as into_user
             from leitstand.fact where etype in ('user.disabled', 'user.enabled', 'user.merged', 'user.erased')
             order by tenant_id, site_id, entity_id, etype <> 'user.erased', hlc desc, hash desc) s
    using (tenant_id, site_id, user_id);

create view leitstand.role_grant as
  select tenant_id, site_id, user_id, role, area, at_us, granted_by
  from (select distinct on (tenant_id, site_id, entity_id, payload ->> 'role', payload ->> 'area')
               tenant_id, site_id, entity_id as user_id, payload ->> 'role' as role,
               coalesce(payload ->> 'area', '') as area, at_us, user_id as granted_by, etype
        from leitstand.fact where etype in ('user.role_granted', 'user.role_revoked')
        order by tenant_id, site_id, entity_id, payload ->> 'role', payload ->> 'area', hlc desc, hash desc) g
  where etype = 'user.role_granted';

create view leitstand.event_type as
  select tenant_id, site_id, etype, ever, max(min_reader) as min_reader, count(*) as streams
  from leitstand.type_registry group by 1, 2, 3, 4;

create view leitstand.station_stream as
  select s.tenant_id, s.site_id, s.station_id, t.stream_id, t.seq, t.hash
  from leitstand.stream s join leitstand.stream_tip t using (tenant_id, site_id, stream_id);

create view leitstand.receipt_state as
  select distinct on (tenant_id, site_id, peer_id, stream_id) tenant_id, site_id, peer_id, stream_id, seq, hash, at
  from leitstand.receipt order by tenant_id, site_id, peer_id, stream_id, seq desc, hash;

create view leitstand.station_state as
  select s.tenant_id, s.site_id, s.station_id, s.code, s.state, s.pg_role, encode(s.public_key, 'hex') as public_key,
         s.cert_fpr, s.enrolled_at, s.revoked_at, s.seen_at, s.clock_offset_us,
         coalesce(e.events, 0) as events, coalesce(e.streams, 0) as streams, coalesce(v.lag, 0) as lag
  from leitstand.station s
  left join (select tenant_id, site_id, station_id, count(*) as events, count(distinct stream_id) as streams
             from leitstand.event group by 1, 2, 3) e using (tenant_id, site_id, station_id)
  left join lateral (
    select sum(greatest(0, h.seq - coalesce(r.seq, 0)))::bigint as lag
    from (select stream_id, max(seq) as seq from leitstand.stream_tip t
          where t.tenant_id = s.tenant_id and t.site_id = s.site_id group by 1) h
    left join lateral (select x.seq from leitstand.receipt x where x.tenant_id = s.tenant_id
                         and x.site_id = s.site_id and x.peer_id = s.station_id and x.stream_id = h.stream_id
                       order by x.seq desc limit 1) r on true) v on true;

create view leitstand.alarm_history as
  select tenant_id, site_id, condition_id, start_us, transition, n, at_us, receive_us, priority, severity, value, text,
         subject, who, station_id from leitstand.alarm_log;
"""


def second(connection: "psycopg.Connection[Any]") -> None:
    """Version 1 to 2; what version 1 stored stays. Partitions and rights are the layout's (`central_layout`)."""
    for text in (_DROPPED, _TABLES, _CALLER, PUSH, READ, LANES, VIEWS):
        connection.execute(text.encode())
