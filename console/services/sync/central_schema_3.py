"""The centre's third migration: which parts of which streams a station keeps in files of its own (pitfall P30).

A row tells auditors where to look; the centre itself keeps every event. Who calls is known by the role that logged in,
as in version 2, and only what fits the chain here is listed.
"""

from typing import Any

import psycopg

_TABLES = """
alter table leitstand.archive_segment drop constraint archive_segment_pkey;
alter table leitstand.archive_segment
  add column station_id uuid not null, add column listed_at timestamptz not null default now(),
  add primary key (tenant_id, site_id, stream_id, from_seq, station_id);
"""

ARCHIVE = """
create function leitstand.archive(p_tenant uuid, p_site uuid, p_stream uuid, p_from bigint, p_to bigint,
  p_first_prev bytea, p_last_hash bytea, p_root bytea, p_uri text) returns boolean
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  if p_from is null or p_to is null or p_from < 1 or p_to < p_from or length(p_first_prev) is distinct from 32
    or length(p_root) is distinct from 32 or length(p_uri) is null or length(p_uri) > 2000
  then
    raise exception 'no archived part of a stream' using errcode = '22023';
  end if;
  if not exists (select from event e where e.tenant_id = p_tenant and e.site_id = p_site and e.stream_id = p_stream
                 and e.seq = p_to and e.hash = p_last_hash)
    or not exists (select from event e where e.tenant_id = p_tenant and e.site_id = p_site and e.stream_id = p_stream
                   and e.seq = p_from and e.prev_hash = p_first_prev)
  then
    return false;  -- its events are not all here yet
  end if;
  insert into archive_segment (tenant_id, site_id, stream_id, from_seq, to_seq, first_prev, last_hash, merkle_root, uri,
                               station_id)
  values (p_tenant, p_site, p_stream, p_from, p_to, p_first_prev, p_last_hash, p_root, p_uri, me.station_id)
  on conflict do nothing;
  return true;
end $$;
"""


def third(connection: "psycopg.Connection[Any]") -> None:
    """Version 2 to 3."""
    connection.execute(_TABLES.encode())
    connection.execute(ARCHIVE.encode())
