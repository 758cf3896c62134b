"""Every alarm KPI once more, by another road: plain SQL and plain loops over single rows, no arrays, no shared code.

Slow and simple on purpose. What `console.services.reports.alarm_kpi` says has to be exactly this.
"""

from collections import Counter, defaultdict, deque
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import ceil
from zoneinfo import ZoneInfo

from console.services.storage.database import LIBRARY

S = 1_000_000
MIN, HOUR, DAY = 60 * S, 3600 * S, 86400 * S
HIDES = {
    "shelved": ("unshelved", "shelf_expired", "shelf_returned"),
    "out_of_service": ("returned_to_service",),
    "suppressed": ("unsuppressed",),
    "masked": ("unmasked",),
}
CALLS = ("raised", "severity_up", "reannunciated", "realarmed")


class ByHand:
    """`rows`: (condition, start, transition, at, priority) in the order of the log; `watched`: spans."""

    def __init__(
        self, rows, watched, low, high, zone="UTC", positions=1, skips_empty=False, fleeting_s=10, flood=(10, 5, 600)
    ):
        self.db = LIBRARY.connect(":memory:")
        self.db.execute("create table log(rid integer primary key, c blob, s int, t text, a int, p int)")
        self.db.executemany("insert into log(c, s, t, a, p) values (?, ?, ?, ?, ?)", rows)
        self.low, self.high, self.zone, self.p = low, high, ZoneInfo(zone), positions
        self.skip, self.fleeting_s = skips_empty, fleeting_s
        self.enter, self.leave, self.flood_us = flood[0], flood[1], flood[2] * S
        self.flags = self._flags()
        self.before = [
            row
            for row in self._sql(
                f"select a, c, s, t, p from log where t in {CALLS} and p < 5 and a >= ? and a < ? order by a, rid",
                low - DAY,
                high,
            )
            if not self.is_hidden(row[1], row[0])
        ]
        self.called = [row for row in self.before if row[0] >= low]
        self.occurrences = self._occurrences()
        self.watched = self._watched(watched)
        self.seen = sum(end - begin for begin, end in self.watched)

    def _sql(self, query, *values):
        return self.db.execute(query, values).fetchall()

    def _flags(self):
        """condition -> flag -> spans"""
        found = defaultdict(lambda: defaultdict(list))
        for flag, ends in HIDES.items():
            since = {}
            words = (flag, *ends)
            marks = ",".join("?" * len(words))
            for c, t, a in self._sql(
                f"select c, t, a from log where t in ({marks}) and a < {self.high} order by a, rid", *words
            ):
                if t == flag:
                    since.setdefault(c, a)
                elif c in since:
                    found[c][flag].append((since.pop(c), a))
            for c, a in since.items():
                found[c][flag].append((a, 10**18))
        return found

    def is_hidden(self, condition, at):
        spans = (span for flag in self.flags.get(condition, {}).values() for span in flag)
        return any(begin <= at < end for begin, end in spans)

    def _occurrences(self):
        kept = {}
        words = (
            *CALLS,
            "returned",
            "acknowledged",
            "closed",
            "severity_down",
            "unacknowledged",
            "retired",
            "superseded",
        )
        marks = ",".join("?" * len(words))
        query = f"select c, s, t, a from log where t in ({marks}) and p < 5 and a < {self.high} order by rid"
        for c, s, t, a in self._sql(query, *words):
            known = kept.setdefault((c, s), {})
            known[t] = min(a, known.get(t, a))
        for (_c, s), known in kept.items():
            if "returned" in known:
                known["returned"] = max(known["returned"], s)
            over = [known[word] for word in ("returned", "closed", "retired", "superseded") if word in known]
            known["over"] = max(s, min(over)) if over else 10**18
        return kept

    def _bin_of(self, at, width):
        ahead = int(datetime.fromtimestamp(self.low // S, UTC).astimezone(self.zone).utcoffset().total_seconds()) * S
        return (at + ahead) // width * width - ahead

    def _watched(self, spans):
        heard = {self._bin_of(row[0], 10 * MIN) for row in self.called}
        cut = [(max(b, self.low), min(e, self.high)) for b, e in [*spans, *((b, b + 10 * MIN) for b in heard)]]
        joined = []
        for begin, end in sorted(span for span in cut if span[0] < span[1]):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        return joined

    def seen_in(self, begin, end):
        return sum(max(0, min(end, e) - max(begin, b)) for b, e in self.watched)

    def bins(self, width):
        """start -> (count, whether it is data)"""
        counts = Counter(self._bin_of(row[0], width) for row in self.called)
        found, at = {}, self._bin_of(self.low, width)
        while at < self.high:
            found[at] = (counts[at], self.seen_in(at, at + width) >= 9 * width / 10)
            at += width
        return found

    def _valid(self, width):
        return [count for count, is_data in self.bins(width).values() if is_data and (count or not self.skip)]

    def mean(self, width):
        if self.skip:
            valid = self._valid(width)
            return sum(valid) / (len(valid) * self.p) if valid else None
        return len(self.called) * width / (self.seen * self.p)

    def above(self, width, limit):
        valid = self._valid(width)
        return 100 * sum(count > limit * self.p for count in valid) / len(valid) if valid else None

    def most(self, width):
        return max(count for count, _ in self.bins(width).values()) / self.p

    def floods(self):
        """Second by second would be too coarse: every moment at which the count can change, in order."""
        moments = sorted({row[0] for row in self.before} | {row[0] + self.flood_us for row in self.before})
        coming, view = deque(row[0] for row in self.before), deque()
        found, now = [], None
        for at in moments:
            while view and view[0] <= at - self.flood_us:
                view.popleft()
            came = 0
            while coming and coming[0] == at:
                view.append(coming.popleft())
                came += 1
            if now is None and len(view) > self.enter * self.p:
                now = [at, None, len(view), 0]
            elif now is not None:
                now[2] += came
            if now is not None:
                now[3] = max(now[3], len(view))
                if len(view) < self.leave * self.p:
                    found.append((now[0], min(at, self.high), now[2], now[3], at))
                    now = None
        return [flood[:4] for flood in found if flood[4] > self.low]

    def peak_rate(self):
        most, view = 0, deque()
        for at, moments in groupby(row[0] for row in self.before):
            view.extend(moments)
            while view[0] <= at - 10 * MIN:
                view.popleft()
            most = max(most, len(view) if at >= self.low else 0)
        return most / self.p

    def chatter(self):
        """condition -> bursts, each a list of moments"""
        raises = defaultdict(list)
        for a, c, _s, t, _p in self.called:
            if t == "raised":
                raises[c].append(a)
        found = {}
        for c, moments in raises.items():
            bursts, last = [], -1
            for at in range(len(moments) - 2):
                if moments[at + 2] - moments[at] <= 60 * S:
                    members = set(range(at, at + 3))
                    if bursts and at <= last:
                        bursts[-1] |= members
                    else:
                        bursts.append(members)
                    last = at + 2
            if bursts:
                found[c] = bursts
        return found

    def dechattered(self):
        bursts = [burst for found in self.chatter().values() for burst in found]
        return len(self.called) - sum(map(len, bursts)) + len(bursts)

    def days(self):
        edges, day = [self.low], datetime.fromtimestamp(self.low / S, UTC).astimezone(self.zone).date()
        while True:
            day += timedelta(days=1)
            at = int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()) * S
            if at >= self.high:
                break
            edges.append(at)
        edges.append(self.high)
        return list(pairwise(edges))

    def _listed(self, condition, begin, end):
        """Parts of [begin, end) in which the condition was not hidden."""
        spans = [span for flag in self.flags.get(condition, {}).values() for span in flag]
        edges = sorted({begin, end, *(e for span in spans for e in span if begin < e < end)})
        return [(b, e) for b, e in pairwise(edges) if not self.is_hidden(condition, b)]

    def stale(self):
        """(start, end, count or None) of each day, and the stale occurrences"""
        parts = {}
        for (c, s), known in self.occurrences.items():
            begin, end = max(s + DAY, self.low), min(known["over"], self.high)
            if begin < end:
                parts[c, s] = self._listed(c, begin, end)
        rows = []
        for low, high in self.days():
            count = sum(any(b < high and e > low for b, e in found) for found in parts.values())
            rows.append((low, high, count if self.seen_in(low, high) else None))
        return rows, {key for key, found in parts.items() if found}

    def standing(self):
        total = 0
        for (c, s), known in self.occurrences.items():
            begin, end = max(s, self.low), min(known["over"], self.high)
            if begin < end:
                total += sum(self.seen_in(b, e) for b, e in self._listed(c, begin, end))
        return total / self.seen

    def new(self):
        return {
            key: known
            for key, known in self.occurrences.items()
            if self.low <= known.get("raised", -1) < self.high and not self.is_hidden(key[0], known["raised"])
        }

    def unseen(self):
        return {
            key: known
            for key, known in self.new().items()
            if "returned" in known and known.get("acknowledged", 10**18) > known["returned"]
        }

    def fleeting(self):
        noisy = self.chatter()
        return Counter(
            key[0]
            for key, known in self.unseen().items()
            if known["returned"] - key[1] <= self.fleeting_s * S and key[0] not in noisy
        )

    def times(self, word):
        found = []
        for (c, s), known in self.occurrences.items():
            if (
                "raised" in known
                and self.low <= known.get(word, -1) < self.high
                and not self.is_hidden(c, known["raised"])
            ):
                since = s if word == "returned" else known["raised"]
                found.append(max(0, known[word] - since))
        found.sort()
        if not found:
            return (None, None, None)
        return tuple(found[max(1, ceil(len(found) * share)) - 1] / S for share in (0.5, 0.95, 1))

    def per_day(self, count):
        seen = self.seen
        if self.skip:
            full = [(b, e) for b, e in self.days() if any(b <= row[0] < e for row in self.called)]
            seen = sum(self.seen_in(b, e) for b, e in full)
        return count * (DAY / (seen * self.p)) if seen else None

    def up_at_end(self, flag):
        return [(b, e) for flags in self.flags.values() for b, e in flags.get(flag, ()) if b <= self.high - 1 < e]

    def top(self):
        counts = Counter(row[1] for row in self.called)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]

    def reshelved(self):
        query = "select c, count(*) from log where t = 'shelved' and a >= ? and a < ? group by c having count(*) >= 3"
        return dict(self._sql(query, self.low, self.high))

    def figures(self):
        """kpi -> value"""
        if not self.seen:
            return {}
        total, floods = len(self.called), self.floods()
        priority = Counter(row[4] for row in self.called)
        share = {level: 100 * priority[level] / total for level in (1, 3, 4)} if total else {}
        acks, lasts = self.times("acknowledged"), self.times("returned")
        in_flood = sum(self.seen_in(b, e) for b, e, _n, _p in floods)
        return {
            "per_day": self.per_day(total),
            "per_day_dechattered": self.per_day(self.dechattered()),
            "per_hour": self.mean(HOUR),
            "per_ten_minutes": self.mean(10 * MIN),
            "hours_over_30": self.above(HOUR, 30),
            "bins_over_10": self.above(10 * MIN, 10),
            "above_steady": self.above(10 * MIN, 1),
            "most_in_ten_minutes": self.most(10 * MIN),
            "peak_hour": self.most(HOUR),
            "peak_minute": self.most(MIN),
            "peak_rate": self.peak_rate(),
            "flood_time": 100 * in_flood / self.seen,
            "floods": len(floods),
            "floods_per_week": len(floods) * 7 * DAY / max(7 * DAY, self.seen),
            "longest_flood": max((e - b for b, e, _n, _p in floods), default=0) / S,
            "top_ten_share": 100 * sum(n for _c, n in self.top()) / total if total else None,
            "chattering": len(self.chatter()),
            "fleeting": len(self.fleeting()),
            "stale": max(count for _b, _e, count in self.stale()[0] if count is not None),
            "share_critical": share.get(1),
            "share_high": 100 * (priority[1] + priority[2]) / total if total else None,
            "share_medium": share.get(3),
            "share_low": share.get(4),
            "standing": self.standing(),
            "ack_median": acks[0],
            "ack_p95": acks[1],
            "ack_most": acks[2],
            "active_median": lasts[0],
            "active_p95": lasts[1],
            "active_most": lasts[2],
            "returned_first": 100 * len(self.unseen()) / total if total else None,
            "shelved": len(self.up_at_end("shelved")),
            "reshelved": len(self.reshelved()),
            "out_of_service_long": sum(b <= self.high - 30 * DAY for b, _e in self.up_at_end("out_of_service")),
            "changed_settings": None,
        }
