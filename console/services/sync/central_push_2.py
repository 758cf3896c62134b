"""Functions of the centre's second migration for events: push with a checked chain, pull by vector, search for forks.

`take` works on sets: one statement parses a batch, checks hashes and chains and inserts. What it stores beside the
body it reads from the body, so that nobody can tell the centre another place than the bytes say. `limit 1` in a scalar
subquery and `offset 0` keep PostgreSQL at single look-ups by the key: of tables that it has no statistics of yet it
would read a whole site for every batch.
"""

PUSH = """
create function leitstand.take(me leitstand.station, p_hashes bytea[], p_bodies bytea[], p_sigs bytea[])
returns table (taken int, named uuid[]) language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare v_streams uuid[]; v_hashes bytea[]; v_prevs bytea[]; v_seqs bigint[]; v_named uuid[];
begin
  with recursive item as materialized (
    select distinct on (d.stream, d.seq, i.hash)
           i.hash, i.body, i.sig, d.stream, d.seq, decode(d.prev, 'hex') as prev,
           ('x' || d.hlc)::bit(64)::bigint as hlc, d.wall_us, d.station, d.etype, d.ever, d.min_reader,
           d.entity_type, d.entity_id, d.user_id, d.tx_id, d.tx_n
    from unnest(p_hashes, p_bodies, p_sigs) as i(hash, body, sig)
    cross join lateral jsonb_to_record(readable(i.body)) as d(
      tenant uuid, site uuid, station uuid, stream uuid, seq bigint, prev text, hlc text, wall_us bigint, etype text,
      ever int, min_reader int, entity_type text, entity_id text, user_id text, tx_id uuid, tx_n int)
    where d.tenant = me.tenant_id and d.site = me.site_id and d.seq >= 1 and d.hlc ~ '^[0-7][0-9a-f]{15}$'
      and length(d.prev) = 64 and (d.seq = 1) = (d.prev = repeat('0', 64)) and length(i.body) <= 65536
      and i.hash = sha256('leitstand1'::bytea || decode(d.prev, 'hex') || i.body)
    order by d.stream, d.seq, i.hash),
  linked (stream, seq, hash) as (
    select i.stream, i.seq, i.hash from item i
    where i.seq = 1 or i.prev not in (select b.hash from item b) and (
      select true from event x where x.tenant_id = me.tenant_id and x.site_id = me.site_id
        and x.stream_id = i.stream and x.seq = i.seq - 1 and x.hash = i.prev limit 1)
    union
    select i.stream, i.seq, i.hash from linked l
    join item i on i.prev = l.hash and i.stream = l.stream and i.seq = l.seq + 1),
  stored as (
    insert into event (tenant_id, site_id, stream_id, seq, hash, prev_hash, hlc, wall_us, station_id, etype, ever,
                       entity_type, entity_id, user_id, tx_id, tx_n, body, sig, pushed_by)
    select me.tenant_id, me.site_id, i.stream, i.seq, i.hash, i.prev, i.hlc, i.wall_us, i.station, i.etype, i.ever,
           i.entity_type, i.entity_id, coalesce(i.user_id, ''), i.tx_id, coalesce(i.tx_n, 1), i.body, i.sig,
           me.station_id
    from item i join linked l using (stream, seq, hash) order by i.stream, i.seq, i.hash  -- everybody's: no deadlocks
    on conflict do nothing
    returning stream_id, seq, hash, prev_hash, station_id, hlc),
  opened as (
    insert into stream (tenant_id, site_id, stream_id, station_id, opened_hlc)
    select distinct on (s.stream_id) me.tenant_id, me.site_id, s.stream_id, s.station_id, s.hlc
    from stored s where s.seq = 1 order by s.stream_id, s.hash on conflict do nothing),
  types as (
    insert into type_registry (tenant_id, site_id, stream_id, etype, ever, min_reader)
    select distinct on (i.stream, i.etype, i.ever)
           me.tenant_id, me.site_id, i.stream, i.etype, i.ever, coalesce(i.min_reader, 1)
    from item i order by i.stream, i.etype, i.ever, i.min_reader desc on conflict do nothing)
  select array_agg(stream_id), array_agg(seq), array_agg(hash), array_agg(prev_hash),
         (select array_agg(distinct i.stream) from item i)
  into v_streams, v_seqs, v_hashes, v_prevs, v_named from stored;
  -- a statement of its own sees what others committed while the insert waited for them
  delete from stream_tip t using unnest(v_streams, v_prevs) u(stream_id, hash)
  where t.tenant_id = me.tenant_id and t.site_id = me.site_id and t.stream_id = u.stream_id and t.hash = u.hash;
  insert into stream_tip (tenant_id, site_id, stream_id, hash, seq)
  select me.tenant_id, me.site_id, u.stream_id, u.hash, u.seq
  from unnest(v_streams, v_seqs, v_hashes) u(stream_id, seq, hash)
  where not exists (select 1 from unnest(v_prevs) p(hash) where p.hash = u.hash)
  order by u.stream_id, u.hash on conflict do nothing;
  return query select coalesce(cardinality(v_streams), 0), v_named;
end $$;

create function leitstand.push(p_tenant uuid, p_site uuid, p_hashes bytea[], p_bodies bytea[], p_sigs bytea[])
returns table (taken int, stream_id uuid, seq bigint, hash bytea)
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site); v_taken int := 0; v_streams uuid[]; v_one record;
begin
  if cardinality(p_hashes) > 1000 or cardinality(p_hashes) <> cardinality(p_bodies)
     or cardinality(p_hashes) <> cardinality(p_sigs) then
    raise exception 'a batch has at most 1000 events, each with hash, body and signature' using errcode = '22023';
  end if;
  begin
    select t.taken, t.named into v_taken, v_streams from take(me, p_hashes, p_bodies, p_sigs) t;
  exception when data_exception or not_null_violation or program_limit_exceeded then
    v_taken := 0;
    for i in 1 .. cardinality(p_hashes) loop  -- one that cannot be read stops no other
      begin
        select t.taken, t.named into v_one from take(me, p_hashes[i:i], p_bodies[i:i], p_sigs[i:i]) t;
        v_taken := v_taken + v_one.taken;
        v_streams := v_streams || v_one.named;
      exception when data_exception or not_null_violation or program_limit_exceeded then null;
      end;
    end loop;
  end;
  return query
    select v_taken, t.stream_id, t.seq, t.hash from stream_tip t
    where t.tenant_id = p_tenant and t.site_id = p_site and t.stream_id = any (v_streams)
    union all select v_taken, null, null, null  -- the count comes even when no stream is held
    order by 2, 3, 4;
end $$;
"""

READ = """
create function leitstand.tips(p_tenant uuid, p_site uuid)
returns table (stream_id uuid, seq bigint, hash bytea)
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  if me.seen_at < now() - interval '30 seconds' then
    update station s set seen_at = now()
    where s.tenant_id = p_tenant and s.site_id = p_site and s.station_id = me.station_id;
  end if;
  return query select t.stream_id, t.seq, t.hash from stream_tip t
    where t.tenant_id = p_tenant and t.site_id = p_site order by 1, 2, 3;
end $$;

create function leitstand.pull(
  p_tenant uuid, p_site uuid, p_stream uuid, p_seq bigint, p_hash bytea, p_limit int, p_bytes bigint)
returns table (seq bigint, hash bytea, body bytea, sig bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query
    select c.seq, c.hash, c.body, c.sig from (
      select e.seq, e.hash, e.body, e.sig, sum(length(e.body)) over w as total, row_number() over w as place
      from (select x.seq, x.hash, x.body, x.sig from event x
            where x.tenant_id = p_tenant and x.site_id = p_site and x.stream_id = p_stream
              and (x.seq, x.hash) > (p_seq, p_hash) order by x.seq, x.hash limit least(p_limit, 1000)) e
      window w as (order by e.seq, e.hash)) c
    where c.total <= p_bytes or c.place = 1 order by c.seq, c.hash;
end $$;

create function leitstand.hashes(p_tenant uuid, p_site uuid, p_stream uuid, p_seqs bigint[])
returns table (seq bigint, hash bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query
    select x.seq, x.hash from unnest(p_seqs[1:5000]) u(seq) cross join lateral (
      select e.seq, e.hash from event e where e.tenant_id = p_tenant and e.site_id = p_site
        and e.stream_id = p_stream and e.seq = u.seq offset 0) x order by 1, 2;
end $$;

create function leitstand.events_by_hash(p_tenant uuid, p_site uuid, p_hashes bytea[], p_bytes bigint)
returns table (seq bigint, hash bytea, body bytea, sig bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
begin
  perform caller(p_tenant, p_site);
  return query
    select c.seq, c.hash, c.body, c.sig from (
      select x.seq, x.hash, x.body, x.sig, sum(length(x.body)) over w as total, row_number() over w as place
      from unnest(p_hashes[1:1000]) u(hash) cross join lateral (
        select e.stream_id, e.seq, e.hash, e.body, e.sig from event e
        where e.tenant_id = p_tenant and e.site_id = p_site and e.hash = u.hash offset 0) x
      window w as (order by x.stream_id, x.seq, x.hash)) c
    where c.total <= p_bytes or c.place = 1 order by c.place;
end $$;

create function leitstand.confirm(p_tenant uuid, p_site uuid, p_peer uuid, p_streams uuid[], p_seqs bigint[],
  p_hashes bytea[], p_sigs bytea[]) returns void
language plpgsql security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  if p_peer <> me.station_id then
    raise exception 'a station confirms for itself only' using errcode = '42501';
  end if;
  insert into receipt (tenant_id, site_id, peer_id, stream_id, seq, hash, sig)
  select p_tenant, p_site, p_peer, u.* from unnest(p_streams, p_seqs, p_hashes, p_sigs) u(stream_id, seq, hash, sig)
  order by u.stream_id, u.seq, u.hash on conflict do nothing;
end $$;

create function leitstand.receipts(p_tenant uuid, p_site uuid)
returns table (peer_id uuid, stream_id uuid, seq bigint, hash bytea, sig bytea)
language plpgsql stable security definer set search_path = leitstand, pg_temp as $$
#variable_conflict use_column
declare me station := caller(p_tenant, p_site);
begin
  return query
    select s.station_id, t.stream_id, r.seq, r.hash, r.sig from station s
    join (select distinct x.stream_id from stream_tip x where x.tenant_id = p_tenant and x.site_id = p_site) t on true
    cross join lateral (
      select x.seq, x.hash, x.sig from receipt x where x.tenant_id = p_tenant and x.site_id = p_site
        and x.peer_id = s.station_id and x.stream_id = t.stream_id order by x.seq desc, x.hash limit 1) r
    where s.tenant_id = p_tenant and s.site_id = p_site and s.station_id <> me.station_id order by 1, 2;
end $$;
"""
