"""What the tests have to prove, by number: pitfalls of exchange, invariants, security rows."""

PITFALLS = """
P1 Numbers given by the centre's database have gaps and late commits: nothing is missed when many write at once
P2 A transaction that somebody leaves open at the centre does not hold anybody up
P3 A cloned disk: both copies write, nothing of either is lost, and somebody is told
P4 A journal brought back from a backup opens a new stream; what peers hold beyond it returns
P5 A virtual machine that resumes an old snapshot never writes two different events at one place
P6 Clocks ahead, behind, set by hand, summer time, 1970: the exchange goes on and the order of causes stays
P7 One station with a wrong clock does not drag the others' logical clocks along
P8 Stations of several versions: unknown kinds are kept, passed on, and understood after the upgrade
P9 An older program refuses a newer file and changes nothing in it
P10 An event that cannot be understood harms only what it is about
P11 A month's backlog: it comes in batches, fresh acts and open things do not wait behind it
P12 An act of several events is never taken in half, wherever the carrier is cut
P13 Whatever arrives again changes nothing
P14 The centre committed but its answer was lost: asking again tells, nothing doubles
P15 A lost wake-up costs a moment, never an event
P16 An insider who cuts the end of the journal off is noticed
P17 A chain that was computed anew is not believed
P18 A stolen or lost station key counts no more from its revocation on
P19 Acts of people revoked meanwhile are kept and flagged; unsafe ones wait for a countersignature
P20 The same login made twice on two islands is two people until somebody merges them
P21 Two people acknowledge the same alarm at once: both stay in the record, everywhere the same one is shown
P22 An acknowledgement that arrives before its alarm works when the alarm appears
P23 An alarm that cleared and came back during the separation is a new one to acknowledge
P24 Missed values do not melt two occurrences into one without saying that it is uncertain
P25 A value stamped in the future does not pre-acknowledge anything
P26 Two stations never give the same record number
P27 Two incidents for one alarm are suggested for merging and merged by a person
P28 Closing against reopening or commenting: the more open state wins and the rest is flagged
P29 People can be forgotten: facts carry ids alone, an erased name is found nowhere, the chain still verifies
P30 Old parts of the journal can be archived and the rest still proves itself
P31 A signature means what was on screen: changed since then, it is refused
P32 A file that a scanner or backup program locks delays, then refuses visibly
P33 A full disk: what was accepted stays, what is refused is refused visibly
P34 A long reader does not let the write-ahead log grow without end
P35 Bits that turned are found, located and healed
P36 A centre restored to an earlier hour is filled again by the stations
P37 A centre that was lost and begins empty is filled again by the stations
P38 Stations that work by different alarm rules are seen to do so
P39 A console of another site on the same network neither gives nor gets anything
P40 A broker that restarts, repeats or reorders costs nothing
"""

INVARIANTS = """
INV-1 What was confirmed to the person is in the journal after any crash
INV-2 No byte of a stored event ever changes
INV-3 Within a branch numbers have no gap and every event names the one before
INV-4 Same hash, same bytes, and the other way round
INV-5 Order, batches and repetition of arrival do not change what is shown
INV-6 Kept up to date or built from nothing: the same picture
INV-7 When everything has arrived, all vectors and digests are equal
INV-8 When everything has arrived, every event is at every station of its site
INV-9 A value ceases to be current only when a later one names it
INV-10 What was done together is seen together or not at all
INV-11 Merging does not depend on order, grouping or repetition
INV-12 A receipt means that its signer has stored it durably
INV-13 A stream has one writer; two at one place are noticed at the first contact
INV-14 An own event that the station does not know makes it open a new stream
INV-15 A journal shorter than its anchor opens a new stream before anything is written
INV-16 A stream's logical clock only rises, and never follows a foreign one more than five minutes ahead
INV-17 No event is turned away for its clock
INV-18 An occurrence that begins after everything that was seen is not acknowledged
INV-19 Seeing reaches at most five minutes beyond the acknowledging console's clock
INV-20 Somebody who ends a shelving at the same time as another shelves wins: it shows
INV-21 Shelving ends at its maximum on every console, whatever the clocks do
INV-22 Doubt never makes anything less visible
INV-23 Unknown kinds of facts are kept, passed on, counted, and understood after the upgrade as if always known
INV-24 A poisonous event stops neither its stream nor other things
INV-25 The exchange keeps neither the window nor an acknowledgement waiting
INV-26 A million events of backlog drain within bounded memory while fresh acts pass by
INV-27 What remains after archiving still proves itself
INV-28 A person's event carries person, roles, version of the rights and session
INV-29 The effect of an event depends on the set of events, not on when it arrived
INV-30 The alarm engine is a function of samples and rules; order within a source's window does not matter
INV-31 No event of one site ever reaches another
INV-32 Nothing above needs a right clock
INV-33 Two stations that can speak for half a minute end equal
INV-34 A full disk loses nothing that was accepted and refuses the rest visibly
"""

SECURITY = """
SEC-1 Every human act carries a person; there is no way around it
SEC-2 Stations and servers prove themselves to each other; without or with a wrong proof there is no connection
SEC-3 Accounts are made, disabled and written down; the disabled are out at once, isolated ones when it becomes known
SEC-4 The id of a person is never used again
SEC-5 There is no default password and no default trust; the first start makes people
SEC-6 Passwords: twelve characters, none of the common ones, no rules of composition, argon2id with fixed cost
SEC-7 A certificate is checked for station, key and issuer; revoked ones count no more
SEC-8 Nothing tells which part of a sign-on was wrong, neither words nor time
SEC-9 Wrong passwords make wait, never shut out from watching
SEC-10 A notice of use before sign-on
SEC-11 Every role is held against every command in the command layer
SEC-12 What suppresses much needs two persons
SEC-13 A lock leaves everything visible; the same or another person opens it
SEC-14 A session at another desk can be ended from here
SEC-15 Sessions of one person are limited and shown
SEC-16 Written down: sign-on, failure, denial, configuration, backup, clock, enrolment, conflict, export
SEC-17 A disk that fills up is told at 80 %, and no record is overwritten
SEC-18 What cannot be written down is refused, and the display lives on
SEC-19 Time is UTC with its source; the offset to the centre is logged and an unsynchronised clock is marked
SEC-20 Signatures prove who wrote what, and tampering is found
SEC-21 Nothing from data is ever run as program, macro or plug-in
SEC-22 Any turned bit of any message is refused
SEC-23 Works beside protection against malware
SEC-24 Functions that security rests on test themselves at the start and on demand
SEC-25 The program's own files are proven at the start
SEC-26 All readers of foreign bytes survive nonsense within bounded memory
SEC-27 What is no longer measured becomes unknown, never normal
SEC-28 Neither refusals nor logs nor the journal tell a secret
SEC-29 Session ids have 128 random bits and end with the session
SEC-30 Not even the owner changes a record, and the attempt shows
SEC-31 What is on the wire is encrypted where it is demanded, without falling back
SEC-32 A station can be wiped
SEC-33 Only approved algorithms, each record with the version of its form
SEC-34 No listener towards the network; listed connections outwards only
SEC-35 Auditors read with their own tool and export with a proof
SEC-36 A hook for continuous monitoring
SEC-37 Ten times the telemetry: acknowledgements still take less than a second
SEC-38 What one connection may cost is bounded
SEC-39 Backups of a running station, restored and proven
SEC-40 After a crash the state is known
SEC-41 What deviates from secure settings is listed
SEC-42 No debug or evaluation entry in the program
SEC-43 An inventory of parts
SEC-44 What is essential outlives directory, centre and peers
SEC-45 Evidence of validation
SEC-46 Copies for people and machines are complete
SEC-47 Records are found again over their whole period
SEC-48 The trail says who, when, before, after and why
SEC-49 Steps happen in their order
SEC-50 Only enrolled stations feed data
SEC-51 A signature shows name, time with zone and meaning
SEC-52 A signature cannot be moved to another record
SEC-53 The first signing asks login and password, every further one again
SEC-54 Lost badges
SEC-55 Review of the trail with sign-off
SEC-56 Business continuity
SEC-57 Checks of migrations
SEC-58 Data for reporting an attack
SEC-59 Contact and updates for vulnerabilities
SEC-60 Formulas in exports are neutralised
SEC-61 Markup from outside is shown as it is written, in every part of the window
SEC-62 Paths cannot leave their folder, name a device or a stream
SEC-63 Secrets stand in their owner-only files alone
SEC-64 Packages are locked by hash, SQLite is new enough
SEC-65 A station's role at the centre reads and writes no table
"""

LATER = frozenset(f"SEC-{number}" for number in (10, 14, 23, 25, 32, 36, 43, *range(45, 48), *range(54, 60)))

# Rows of this step that no test can prove here, with the reason.
EXCEPTIONS: dict[str, str] = {}


def rows(text: str) -> dict[str, str]:
    """Number -> statement, in order."""
    return dict(line.split(" ", 1) for line in text.strip().splitlines())  # type: ignore[misc]


ALL = {**rows(PITFALLS), **rows(INVARIANTS), **rows(SECURITY)}
