"""The centre's fourth migration: the history of tags, packed by hour and by day, in partitions by time.

A part is one tag's history of one span: of an hour its buckets of 10 and 100 s (and its samples, for chosen tags), of a
day its buckets of 1,000 and 10,000 s, as the station's file packs them; the centre never looks inside. Stations that
heard the same tag make one part: the one that holds more samples stays. Parts may come in any order and any number of
times. Whoever prunes drops whole partitions (`central_history_care`).
"""

from typing import Any

import psycopg

HOUR_S, DAY_S = 3600, 86_400
PARTITION_S = {HOUR_S: HOUR_S, DAY_S: 30 * DAY_S}  # span of a part -> span of a partition of its table
TABLES = {HOUR_S: "history_hour", DAY_S: "history_day"}

_TABLES = """
create table leitstand.history_tag (
  tenant_id uuid not null, site_id uuid not null, tag_id uuid not null, path text not null, name text not null,
  unit text not null, kind int not null, source text not null, station_id uuid not null,
  told_at timestamptz not null default now(),
  primary key (tenant_id, site_id, tag_id));

-- how far a station handed its history over; restored together with what it handed over
create table leitstand.history_mark (
  tenant_id uuid not null, site_id uuid not null, station_id uuid not null, span_s int not null,
  until_us bigint not null, primary key (tenant_id, site_id, station_id, span_s));

create table leitstand.history_hour (
  tenant_id uuid not null, site_id uuid not null, tag_id uuid not null, start_us bigint not null,
  station_id uuid not null, samples bigint not null, fine bytea not null, coarse bytea not null, raw bytea,
  primary key (tenant_id, site_id, tag_id, start_us)) partition by range (start_us);

create table leitstand.history_day (
  tenant_id uuid not null, site_id uuid not null, tag_id uuid not null, start_us bigint not null,
  station_id uuid not null, samples bigint not null, fine bytea not null, coarse bytea not null, raw bytea,
  primary key (tenant_id, site_id, tag_id, start_us)) partition by range (start_us);
"""

SAMPLES = """
create function leitstand.samples_table(p_span int) returns text
language sql immutable set search_path = leitstand, pg_temp as $$
  select case p_span when 3600 then 'history_hour' when 86400 then 'history_day' end
$$;

create function leitstand.samples_partition(p_span int, p_start_us bigint) returns void
language plpgsql set search_path = leitstand, pg_temp as $$
declare
  v_table text := samples_table(p_span);
  v_width bigint := (case p_span when 3600 then 3600 else 2592000 end)::bigint * 1000000;
  v_from bigint := p_start_us / v_width * v_width;
  v_name text := v_table || '_' || (p_start_us / v_width);
begin
  if to_regclass('leitstand.' || quote_ident(v_name)) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(1279609172, 4);  -- two stations may be first in the same hour
  if to_regclass('leitstand.' || quote_ident(v_name)) is null then
    execute format('create table %I (like %I including all)', v_name, v_table);
    execute format('alter table %I attach partition %I for values from (%s) to (%s)', v_table, v_name, v_from,
                   v_from + v_width);
  end if;
end $$;

create function leitstand.samples_push(p_tenant uuid, p_site uuid, p_span int, p_tags uuid[], p_starts bigint[],
  p_samples bigint[], p_fine bytea[], p_coarse bytea[], p_raw bytea[]) returns int
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare
  me station := caller(p_tenant, p_site);
  v_now bigint := (extract(epoch from now()) * 1000000)::bigint;
  v_start bigint;
  v_taken int;
begin
  if samples_table(p_span) is null or coalesce(cardinality(p_tags), 0) not between 1 and 2000
    or exists (select from unnest(p_tags, p_starts, p_samples, p_fine, p_coarse, p_raw) u(t, s, n, f, c, r)
               where t is null or s is null or s < 0 or s % (p_span::bigint * 1000000) <> 0
                  or s > v_now + 7200000000 or n is null or n < 0 or f is null or length(f) > 1048576
                  or c is null or length(c) > 1048576 or length(r) > 8388608)
  then
    raise exception 'no part of a history' using errcode = '22023';
  end if;
  for v_start in select distinct u.s from unnest(p_starts) u(s) loop
    perform samples_partition(p_span, v_start);
  end loop;
  execute format('insert into %I as h (tenant_id, site_id, tag_id, start_us, station_id, samples, fine, coarse, raw)
    select distinct on (u.t, u.s) $1, $2, u.t, u.s, $3, u.n, u.f, u.c, u.r
    from unnest($4, $5, $6, $7, $8, $9) u(t, s, n, f, c, r) order by u.t, u.s, u.n desc
    on conflict (tenant_id, site_id, tag_id, start_us) do update
    set samples = excluded.samples, fine = excluded.fine, coarse = excluded.coarse, station_id = excluded.station_id,
        raw = coalesce(excluded.raw, h.raw)
    where (excluded.samples, excluded.raw is not null) > (h.samples, h.raw is not null)
      and excluded.samples >= h.samples', samples_table(p_span))
  using p_tenant, p_site, me.station_id, p_tags, p_starts, p_samples, p_fine, p_coarse, p_raw;
  get diagnostics v_taken = row_count;
  return v_taken;
end $$;

create function leitstand.samples_have(p_tenant uuid, p_site uuid, p_span int, p_tags uuid[], p_starts bigint[])
returns table (tag_id uuid, start_us bigint, samples bigint, has_raw boolean)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
begin
  perform caller(p_tenant, p_site);
  return query execute format('select h.tag_id, h.start_us, h.samples, h.raw is not null from %I h
    join (select distinct t, s from unnest($3, $4) x(t, s)) u on u.t = h.tag_id and u.s = h.start_us
    where h.tenant_id = $1 and h.site_id = $2 and h.start_us = any($4)', samples_table(p_span))
  using p_tenant, p_site, p_tags, p_starts;
end $$;

create function leitstand.samples_range(p_tenant uuid, p_site uuid, p_span int, p_what text, p_tag uuid,
  p_from_us bigint, p_to_us bigint, p_limit int)
returns table (start_us bigint, body bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
begin
  perform caller(p_tenant, p_site);
  if p_what is null or p_what not in ('fine', 'coarse', 'raw') then
    raise exception 'no part of a history' using errcode = '22023';
  end if;
  return query execute format('select h.start_us, h.%I from %I h
    where h.tenant_id = $1 and h.site_id = $2 and h.tag_id = $3 and h.start_us >= $4 and h.start_us < $5
      and h.%I is not null
    order by h.start_us limit least($6, 1000)', p_what, samples_table(p_span), p_what)
  using p_tenant, p_site, p_tag, p_from_us, p_to_us, p_limit;
end $$;

create function leitstand.samples_mark(p_tenant uuid, p_site uuid, p_span int, p_until_us bigint)
returns table (span_s int, until_us bigint)
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  if samples_table(p_span) is not null and p_until_us is not null then
    insert into history_mark as m (tenant_id, site_id, station_id, span_s, until_us)
    values (p_tenant, p_site, me.station_id, p_span, p_until_us)
    on conflict (tenant_id, site_id, station_id, span_s) do update set until_us = excluded.until_us
    where excluded.until_us > m.until_us;
  end if;
  return query select m.span_s, m.until_us from history_mark m
    where m.tenant_id = p_tenant and m.site_id = p_site and m.station_id = me.station_id;
end $$;

create function leitstand.sample_tags_push(p_tenant uuid, p_site uuid, p_rows jsonb) returns int
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site); v_taken int;
begin
  insert into history_tag as h (tenant_id, site_id, tag_id, path, name, unit, kind, source, station_id)
  select distinct on (x.tag_id) p_tenant, p_site, x.tag_id, left(x.path, 1000), left(x.name, 300), left(x.unit, 60),
         x.kind, x.source, me.station_id
  from jsonb_to_recordset(p_rows) as x(tag_id uuid, path text, name text, unit text, kind int, source text)
  where length(x.source) <= 4000
  order by x.tag_id
  on conflict (tenant_id, site_id, tag_id) do update
  set path = excluded.path, name = excluded.name, unit = excluded.unit, kind = excluded.kind,
      source = excluded.source, station_id = excluded.station_id, told_at = now()
  where (excluded.path, excluded.name, excluded.unit, excluded.kind, excluded.source)
    is distinct from (h.path, h.name, h.unit, h.kind, h.source);
  get diagnostics v_taken = row_count;
  return v_taken;
end $$;

create function leitstand.sample_tags_find(p_tenant uuid, p_site uuid, p_words text[], p_ids uuid[], p_limit int)
returns table (tag_id uuid, path text, name text, unit text, kind int, source text, station_code text)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query select h.tag_id, h.path, h.name, h.unit, h.kind, h.source, coalesce(s.code, '')
    from history_tag h left join station s on s.tenant_id = h.tenant_id and s.site_id = h.site_id
      and s.station_id = h.station_id
    where h.tenant_id = p_tenant and h.site_id = p_site
      and (cardinality(p_ids) = 0 or h.tag_id = any(p_ids))
      and not exists (select from unnest(p_words) w(word)
                      where position(lower(w.word) in lower(h.path || ' ' || h.name)) = 0)
    order by h.path limit least(p_limit, 1000);
end $$;
"""


def fourth(connection: "psycopg.Connection[Any]") -> None:
    """Version 3 to 4."""
    connection.execute(_TABLES.encode())
    connection.execute(SAMPLES.encode())
