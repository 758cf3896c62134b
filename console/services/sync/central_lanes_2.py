"""Functions of the centre's second migration for what is not an event: the alarm lane and credentials.

A lane is one file's alarm log. Its station numbers the rows (`rid`) and hands them over in that order, one batch at a
time (the lane's row is locked), so a reader who remembers a rid per lane can miss nothing, however commits overlap:
within a lane a later row never becomes visible before an earlier one. A receive time or a sequence cannot promise it.
"""

LANES = """
create function leitstand.history_push(p_tenant uuid, p_site uuid, p_lane uuid, p_rids bigint[], p_rows jsonb)
returns bigint language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site); v_lane alarm_lane; v_held bigint;
begin
  insert into alarm_lane (tenant_id, site_id, lane_id, station_id)
  values (p_tenant, p_site, p_lane, me.station_id) on conflict do nothing;
  select * into v_lane from alarm_lane l
  where l.tenant_id = p_tenant and l.site_id = p_site and l.lane_id = p_lane for update;
  if v_lane.station_id <> me.station_id then
    raise exception 'the lane % is another station''s', p_lane using errcode = '42501';
  end if;
  insert into alarm_log (tenant_id, site_id, condition_id, start_us, transition, n, at_us, receive_us, priority,
                         severity, value, text, subject, who, station_id)
  select distinct on (x.condition_id, x.start_us, x.transition, x.n)
         p_tenant, p_site, x.condition_id, x.start_us, x.transition, x.n, x.at_us, x.receive_us, x.priority,
         x.severity, x.value, x.text, x.subject, coalesce(x.who, ''), me.station_id
  from jsonb_to_recordset(p_rows) as x(condition_id uuid, start_us bigint, transition text, n int, at_us bigint,
       receive_us bigint, priority int, severity int, value double precision, text text, subject text, who text)
  order by x.condition_id, x.start_us, x.transition, x.n, x.receive_us
  on conflict (tenant_id, site_id, condition_id, start_us, transition, n)
  do update set receive_us = excluded.receive_us, station_id = excluded.station_id
  where excluded.receive_us < alarm_log.receive_us;
  insert into alarm_sighting (tenant_id, site_id, lane_id, rid, condition_id, start_us, transition, n)
  select p_tenant, p_site, p_lane, u.rid, (u.item->>'condition_id')::uuid, (u.item->>'start_us')::bigint,
         u.item->>'transition', (u.item->>'n')::int
  from rows from (unnest(p_rids), jsonb_array_elements(p_rows)) u(rid, item) on conflict do nothing;
  insert into alarm_occurrence as o (tenant_id, site_id, condition_id, start_us, is_ended)
  select p_tenant, p_site, x.condition_id, x.start_us, bool_or(x.transition in ('closed', 'retired', 'superseded'))
  from jsonb_to_recordset(p_rows) as x(condition_id uuid, start_us bigint, transition text)
  group by x.condition_id, x.start_us order by x.condition_id, x.start_us
  on conflict (tenant_id, site_id, condition_id, start_us) do update set is_ended = true
  where excluded.is_ended and not o.is_ended;
  v_held := greatest(v_lane.rid, (select max(rid) from unnest(p_rids) u(rid)));
  update alarm_lane l set rid = v_held
  where l.tenant_id = p_tenant and l.site_id = p_site and l.lane_id = p_lane;
  return v_held;
end $$;

create function leitstand.history_heads(p_tenant uuid, p_site uuid) returns table (lane_id uuid, rid bigint)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  return query select l.lane_id, l.rid from alarm_lane l
    where l.tenant_id = p_tenant and l.site_id = p_site and l.station_id <> me.station_id order by 1;
end $$;

create function leitstand.history_since(p_tenant uuid, p_site uuid, p_lanes uuid[], p_rids bigint[], p_limit int)
returns table (lane_id uuid, rid bigint, condition_id uuid, start_us bigint, transition text, n int, at_us bigint,
               receive_us bigint, priority int, severity int, value double precision, text text, subject text, who text)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  return query
    select s.lane_id, s.rid, a.condition_id, a.start_us, a.transition, a.n, a.at_us, a.receive_us, a.priority,
           a.severity, a.value, a.text, a.subject, a.who
    from alarm_lane l
    left join unnest(p_lanes, p_rids) v(lane_id, rid) on v.lane_id = l.lane_id
    cross join lateral (
      select x.* from alarm_sighting x where x.tenant_id = p_tenant and x.site_id = p_site
        and x.lane_id = l.lane_id and x.rid > coalesce(v.rid, 0) order by x.rid limit least(p_limit, 1000)) s
    cross join lateral (
      select x.* from alarm_log x where x.tenant_id = p_tenant and x.site_id = p_site
        and x.condition_id = s.condition_id and x.start_us = s.start_us and x.transition = s.transition
        and x.n = s.n offset 0) a
    where l.tenant_id = p_tenant and l.site_id = p_site and l.station_id <> me.station_id
      and l.rid > coalesce(v.rid, 0)
    order by s.rid, s.lane_id limit least(p_limit, 1000);
end $$;

create function leitstand.history_range(p_tenant uuid, p_site uuid, p_from_us bigint, p_to_us bigint,
  p_after_us bigint, p_after_condition uuid, p_after_start_us bigint, p_after_transition text, p_after_n int,
  p_limit int)
returns table (condition_id uuid, start_us bigint, transition text, n int, at_us bigint, receive_us bigint,
               priority int, severity int, value double precision, text text, subject text, who text)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query
    select a.condition_id, a.start_us, a.transition, a.n, a.at_us, a.receive_us, a.priority, a.severity, a.value,
           a.text, a.subject, a.who
    from alarm_log a
    where a.tenant_id = p_tenant and a.site_id = p_site and a.at_us >= p_from_us and a.at_us < p_to_us
      and a.at_us >= p_after_us and (a.at_us, a.condition_id, a.start_us, a.transition, a.n)
        > (p_after_us, p_after_condition, p_after_start_us, p_after_transition, p_after_n)
    order by a.at_us, a.condition_id, a.start_us, a.transition, a.n limit least(p_limit, 1000);
end $$;

create function leitstand.history_open(p_tenant uuid, p_site uuid)
returns table (condition_id uuid, start_us bigint, transition text, n int, at_us bigint, receive_us bigint,
               priority int, severity int, value double precision, text text, subject text, who text)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query
    select a.condition_id, a.start_us, a.transition, a.n, a.at_us, a.receive_us, a.priority, a.severity, a.value,
           a.text, a.subject, a.who
    from alarm_occurrence o cross join lateral (
      select x.* from alarm_log x where x.tenant_id = p_tenant and x.site_id = p_site
        and x.condition_id = o.condition_id and x.start_us = o.start_us offset 0) a
    where o.tenant_id = p_tenant and o.site_id = p_site and not o.is_ended
    order by a.at_us, a.condition_id, a.start_us, a.transition, a.n;
end $$;

create function leitstand.credential_push(p_tenant uuid, p_site uuid, p_rows jsonb) returns int
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare v_taken int;
begin
  perform caller(p_tenant, p_site);
  insert into credential as c (tenant_id, site_id, user_id, kind, version, encoded, at_us, station_id, sig)
  select distinct on (x.user_id, x.kind) p_tenant, p_site, x.user_id, x.kind, x.version, x.encoded, x.at_us,
         x.station, decode(x.sig, 'hex')
  from jsonb_to_recordset(p_rows) as x(user_id text, kind text, version bigint, encoded text, at_us bigint,
       station uuid, sig text)
  where length(x.encoded) <= 4096 and length(x.sig) <= 256 and x.kind in ('password', 'pin', 'profile')
    and (x.version < 2147483647 or x.encoded = '')  -- the last version is of somebody who was erased
  order by x.user_id, x.kind, x.version desc, x.at_us desc, x.sig desc
  on conflict (tenant_id, site_id, user_id, kind)
  do update set version = excluded.version, encoded = excluded.encoded, at_us = excluded.at_us,
                station_id = excluded.station_id, sig = excluded.sig
  where (excluded.version, excluded.at_us, excluded.sig) > (c.version, c.at_us, c.sig)
    and c.version < 2147483647;
  get diagnostics v_taken = row_count;
  return v_taken;
end $$;

create function leitstand.credential_pull(p_tenant uuid, p_site uuid)
returns table (user_id text, kind text, version bigint, encoded text, at_us bigint, station uuid, sig bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query select c.user_id, c.kind, c.version, c.encoded, c.at_us, c.station_id, c.sig from credential c
    where c.tenant_id = p_tenant and c.site_id = p_site order by 1, 2;
end $$;
"""
