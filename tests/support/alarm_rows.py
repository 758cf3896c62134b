"""What the tests of alarm management have to prove, by number: its features, and traps that real systems fell into."""

FEATURES = """
ALARM-F1 The list tells apart what is normal, active, acknowledged, and returned without acknowledgement
ALARM-F2 Every activation has an identity of its own; acknowledgements and comments belong to it, not to the tag
ALARM-F3 What comes back after it cleared waits for acknowledgement anew
ALARM-F4 An acknowledged alarm that gets worse waits again, and sounds
ALARM-F5 Getting better is silent; the row shows the present severity and the worst since the acknowledgement
ALARM-F6 A latching alarm leaves by return, acknowledgement and reset; an early reset is refused with its reason
ALARM-F7 A pulse shorter than the on-delay leaves no alarm and no sound
ALARM-F8 The off-delay holds an alarm that flickers
ALARM-F9 So many entries in so much time make an alarm, beside the delay
ALARM-F10 Each limit may have a deadband of its own
ALARM-F11 An acknowledged alarm that stays comes back after its class's time
ALARM-F12 Lost sources and bad values are alarms of their own and never hide the process alarm
ALARM-F13 Acknowledgement, latch, shelf and comments live through a restart and an edit of the rule
ALARM-F14 A start makes no noise about what was known before
ALARM-F15 Alarms are suppressed by an expression or the plant's state; entry and exit are logged
ALARM-F16 Children are hidden while their parent is in alarm
ALARM-F17 Hidden children are counted and listed below their parent
ALARM-F18 Out of service is a list of its own: reason, owner, work order, higher role, no end by itself
ALARM-F19 Shelved, suppressed, out of service are independent; the end of one touches no other, nor the acknowledgement
ALARM-F20 Where several apply, one documented order decides
ALARM-F21 What is suppressed is evaluated and logged all the same
ALARM-F22 How many are shelved, suppressed and out of service stands on the main screen, a click from the lists
ALARM-F23 Shelving offers preset times
ALARM-F24 No shelf is longer than its priority and class allow
ALARM-F25 A one-shot shelf ends with the next return, or with its longest time
ALARM-F26 Shelving takes a reason code and words
ALARM-F27 Some priorities and roles never shelve
ALARM-F28 One person has only so many alarms shelved
ALARM-F29 Nobody shelves an area in one act
ALARM-F30 A shelf that ends while the alarm is active brings it back unacknowledged, with sound
ALARM-F31 A shelf asks before its end, and one key extends it
ALARM-F32 The shelved list says who, where, why, since when, and how long it still lasts
ALARM-F33 Extending replaces the end, is logged, and counted
ALARM-F34 At the change of shift every shelf is confirmed or ended by the new lead
ALARM-F35 Shelves go on after a restart by their stored end; what is not known is not shelved
ALARM-F36 Many rows are chosen by keyboard and mouse, and their number is shown
ALARM-F37 The page is acknowledged where it can be read, at most a hundred rows
ALARM-F38 Acknowledging many is a right of its own
ALARM-F39 A comment may be given, and must be where the alarm asks for it
ALARM-F40 Some alarms are acknowledged by electronic signature only
ALARM-F41 A batch with a wrong item is refused whole, with the list
ALARM-F42 A late acknowledgement is refused instead of meeting a newer occurrence
ALARM-F43 An acknowledgement can be taken back, and that is logged
ALARM-F44 Who may acknowledge follows role and area
ALARM-F45 Silence is not acknowledgement, and ends with the next alarm
ALARM-F46 Somebody can say that he works on it, without acknowledging
ALARM-F47 An acknowledgement given offline counts by occurrence, and conflicts are shown
ALARM-F48 Unacknowledged first, then priority, then newest
ALARM-F49 A filter that hides rows says how many, and one key ends it
ALARM-F50 Selection, scroll position and focus survive live changes
ALARM-F51 No limit on rows drops an urgent one
ALARM-F52 Repetitions are one row with a count and the first and last time
ALARM-F53 An alarm that chatters is marked, and delay, deadband or a shelf proposed
ALARM-F54 Symptoms are grouped below their cause, and only causes count
ALARM-F55 The first alarm of a group is marked until the group is reset
ALARM-F56 A flood begins and ends by rule, with a banner, one sound, and rows by area and cause
ALARM-F57 Areas show their most urgent alarm and how many wait
ALARM-F58 A strip shows when which asset was in alarm, with details
ALARM-F59 Each priority has its sound; the most urgent unacknowledged one wins and repeats until silenced
ALARM-F60 Many at once are one summary instead of many sounds
ALARM-F61 Alarms that stand out are never summed up
ALARM-F62 Unacknowledged alarms are recalled again and again
ALARM-F63 The sound is tested by hand and at every start of a shift; a failure is an alarm to be seen
ALARM-F64 The sound obeys what the list shows
ALARM-F65 A lost link is announced, and announced again
ALARM-F66 Performance is shown against its targets for each operator position
ALARM-F67 Reports name the most frequent, chattering, fleeting, stale, floods, shelved again, never acknowledged in time
ALARM-F68 A master record holds cause, consequence, response, time to respond, owner and class of each alarm
ALARM-F69 Settings that differ from their master record are listed
ALARM-F70 Every transition and act is kept with source and receive time, person, workstation and comment
ALARM-F71 The log waits for a centre that is away
ALARM-F72 What the filter shows is exported whole, with time zone and acknowledgement
ALARM-F73 Every alarm says what to do and what to open
ALARM-F74 What nobody acknowledged is escalated, and followed up when it clears
ALARM-F75 An incident is opened from one alarm or many, linked both ways
ALARM-F76 The whole work goes by keyboard
ALARM-F77 Priority shows by colour, shape and number
ALARM-F78 Alarm colours mean alarms and nothing else
ALARM-F79 Every step of navigation shows the alarms below it
ALARM-F80 Every window tells that an unacknowledged alarm exists, how urgent and where
ALARM-F81 Whatever lost its link looks like it, values and counts alike
ALARM-F82 A new alarm never takes the keyboard away
"""

TRAPS = """
ALARM-T1 Whatever limits a list, the worst alarm is on top of it
ALARM-T2 Changed cells do not sort the table again and again
ALARM-T3 What was selected is what is acknowledged, however the rows moved
ALARM-T4 All means all that is shown
ALARM-T5 An alarm that returned and came again is active when it is acknowledged
ALARM-T6 A reset does what it says in each of the six states
ALARM-T7 A shelf ends in time although the program was restarted
ALARM-T8 News about an alarm out of service leaves it there
ALARM-T9 Ending a shelf keeps the acknowledgement
ALARM-T10 When an acknowledgement runs out, state, comment, history and sound agree
ALARM-T11 Every way to acknowledge meets every transition, and the whole of it ends
ALARM-T12 Acknowledged while the other console was cut off: the same everywhere afterwards, and no sound
ALARM-T13 An acknowledgement that races with the return leaves nothing active
ALARM-T14 What was closed long ago escalates no more after a restore
ALARM-T15 A restart or an edited description leaves acknowledgement and latch alone
ALARM-T16 After a lost link the counts agree with the list
ALARM-T17 Banner, badge, list and sound count the same, whatever happens
ALARM-T18 A lost source does not stand in for the alarm, and one acknowledgement meets one of them
ALARM-T19 Delay, switching off and on, and a late result: the alarm comes back
ALARM-T20 What was chosen is what is stored, for every preset and for many at once
ALARM-T21 Timers hold over time zones, summer time and clocks set by hand
ALARM-T22 The sound is really played, and a device that cannot is told
ALARM-T23 Fifty critical alarms do not eat a letter of what somebody types
ALARM-T24 A hundred critical alarms in a second, and the program ends at once all the same
ALARM-T25 A console that receives nothing says so
ALARM-T26 What cleared during a lost link is gone after it; a full queue is an alarm and everything is asked anew
ALARM-T27 Fifty acknowledgements are fifty entries
ALARM-T28 Odd names do not stand in the way of an acknowledgement
ALARM-T29 Parents and children in any order come to the same
ALARM-T30 Suppressed meanwhile, or told rarely: raised and ended are told once each
ALARM-T31 After chattering the last word is the source's
ALARM-T32 Near-equal names are different alarms, and one alarm is one row
ALARM-T33 The state does not hang on rows of a history
ALARM-T34 Of a mixed selection what is acknowledged is skipped and named
ALARM-T35 What was active through the whole period is in the report of stale alarms
ALARM-T36 No filter of time hides a standing alarm
ALARM-T37 A return has its own time, and every kind can be acknowledged
ALARM-T38 An export is as long as the list, and no cell becomes a formula
ALARM-T39 Every edit keeps what it does not touch
ALARM-T40 Acknowledging many asks first, and names the critical ones
"""

OPEN: dict[str, str] = {
    "ALARM-F16": "open until the plant model exists",
    "ALARM-F17": "open until the plant model exists",
    "ALARM-F34": "open until the handover of the shift exists",
    "ALARM-F54": "open until the plant model exists",
    "ALARM-F57": "open until the plant model exists",
    "ALARM-F79": "open until the plant model exists",
}
