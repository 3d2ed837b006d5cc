"""
The table of all sentences that answers are made of: one voice, to be read aloud.

What stands in braces is filled in by the functions beside this file, which escape it. A time is never put
behind a preposition: Slack writes "Today", "Yesterday" and "Tomorrow" into it.
"""

# How many, and since when.
VISITS_AND_ERRORS = "{visits} and {errors} in the last {days}"
VISITS = "{visits} in the last {days}"
ERRORS = "no visit, {errors} in the last {days}"
ON_THE_SITE = "on the site now"
LAST_SEEN = "last seen {time}"
ASKING = "asking {sources} …"
COULD_NOT_ANSWER = "{sources} could not answer"

# Who.
UID = "uid {uid}"
PLAN = "plan {plan}"
AND_MORE = "{name} and {more} more"
PERSONS_PAGE = "person’s page: {links}"
IN_DOUBT_UIDS = "{name} goes with more than one uid: {others} (says {sources}). {UNASKED}"
IN_DOUBT_ADDRESSES = "{name} goes with more than one address: {others} (says {sources}). {UNASKED}"
UNASKED = "They may be different people, so nothing was looked up by the other name."

# A visit.
GOES_ON = "{time} – now"
NOW = "now"
NO_TIME = "time not known"
AT_THE_TICKET = "at the ticket"
BEFORE_THE_TICKET = "before the ticket"
PAGES_AS_ABOVE = "{pages}, as above"
ON_DEVICE = "{browser} on {os}"
APP_VERSION = "app {version}"
ALL_VISITS = "Every visit: {facts}"
MOST_VISITS = "Most visits: {facts}"
REPLAYS = "Replay: {links}"
CRASHED = "the app crashed"
SIGN_OF_CRASH = "crashed"
CHANNEL = "came by {channel}"
REPLAY_RECORDED = "replay recorded"
VIDEO = "video"
VIDEO_UNTIL = "{video} (its link ends {time})"
VIDEO_SOON = "{video} (its link ends soon)"
FIRST_SESSION = "first session in {source}"
NUMBERED_SESSION = "{ordinal} session in {source}"
OLDER_VISITS = "{visits} not shown"

# What went wrong.
EARLIER_ERRORS = "Earlier errors"
ERROR_ON = "{title} on {page}"
ON_PAGE = "on {page}"
TIMES = "{count} times"
IN_THE_VISIT = "in the visit of {time}"
WATCH = "watch it in {source}"
ERRORS_NOT_SHOWN = "{count} more not shown"

# How the sources are.
ALL_LIVE = "{tools}, all live"
ALL_ASKED = "{tools}, asked {ago}"
SOME_LIVE = "{sources}: live"
SOME_ASKED = "{sources}: asked {ago}"
ONE_LIVE = "{sources}, live"
ERRORS_NOT_ALL_READ = "not every error was read in {sources}"
ERRORS_UNREAD = "not every error was read there ({what})"
OF_SOURCE = "{source} ({what})"
STILL_ASKING = "{sources}: asking …"
ASKING_AGAIN = "{source}: what it said {ago}, asking again …"
ANSWERED_BEFORE = "{source}: what it said {ago}"
KNOWS_SINCE = "{source} knows only what came since {time}"
KNOWS_UNTIL = "{source} knows nothing later than {time}"
KNOWS_BETWEEN = "{source} knows only what came from {since} to {until}"
IN_PART = "{source} answered in part"
AGAIN = "again: {time}"
SAYS = "{source}: {what}"

# Nothing found.
NO_SOURCE_ANSWERED = "No source could answer"
NOBODY = "Nobody found in the last {days}"
NOTHING_BY_NAME = "Nothing found by this name in the last {days} · {sources} may know them by another"
NOBODY_SINCE = "Nobody since {time} · {sources} {knows} nothing earlier"
NOTHING_SO_FAR = "Nothing found so far"
NOT_FOUND = "Not found in {sources} in the last {days}."
NOT_FOUND_BY_NAME = "Not found in {sources} by this name in the last {days}."
NOT_FOUND_SINCE = "Not found in {sources} since {time}; nothing earlier is known there."
NOT_FOUND_UNTIL = "Not found in {sources} until {time}; nothing later is known there."
NOT_FOUND_BETWEEN = "Not found in {source} from {since} to {until}; nothing earlier or later is known there."
NOT_ALL_ASKED = "{sources} could not be asked for everything: the reason is below."
UNHEARD = "{sources} could not answer: the reason is below."
NOT_ASKED_ANEW = "{sources} could not be asked again"
ANSWERED_IN_PART = "{sources} answered in part"
LOOKED_SINCE = "{sources} {knows} only what came since {time}"
LOOKED_UNTIL = "{sources} {knows} nothing later than {time}"
MAY_KNOW_OTHERWISE = "{sources} may know them by another name"
NAME_IN_DOUBT = "a name may be more than one person’s"
NO_VISIT = "No visit of {who} in the last {days}."
TRY_WITHOUT_TAG = "without its tag: {address}"
TRY_FURTHER = "further back than {days}"
TRY_UID = "their uid in your product, where your sites identify people by it"
TRY_ADDRESS = "their email address; a uid is compared exactly, capitals included"
TRY = "You may try {what}."

# Below an answer.
ASKED_BY = "Asked by {person}"
REQUESTER = "This ticket’s requester"
REFRESH = "Refresh"
WATCH_THE_ERROR = "Watch the error"
MORE_VISITS = "More visits"
FURTHER_BACK = "30 more days"
TRY_BUTTON = "Try {address}"
SOMEBODY_ELSE = "Somebody else…"
REMOVE = "Remove"
OPEN_PERSON = "Person’s page in {source}"
OPEN_REPLAY = "Replay in {source}"
OPEN = "Open"
MORE_OF_PERSON = "More of this person"

# What a button asks first.
DENY = "Leave it"
SPENDS_TITLE = "Ask the tools again?"
SPENDS = "That takes {calls}."
SPENDS_OF = "up to {calls} of the {left} that {source} has left"
SPENDS_YES = "Ask again"
REMOVE_TITLE = "Remove this message?"
REMOVE_TEXT = "It disappears for everybody, and Casefile remembers that this ticket was answered wrongly."
MUTE_TITLE = "No replies in this channel?"
MUTE_TEXT = (
    "Tickets here get neither a reply nor an offer any more, whoever reads along. “Find sessions” in a"
    " message’s menu and the command still work, and you can undo it."
)
MUTE_YES = "No replies here"
TAKE_BACK_TITLE = "Remove this answer?"
TAKE_BACK = "It disappears for everybody. Then somebody else can be chosen."

# A channel in which tickets get no reply.
MUTE = "No replies in this channel"
UNMUTE = "Reply to tickets again"
IS_MUTED = (
    "Tickets in this channel get neither a reply nor an offer from now on. “Find sessions” in a message’s"
    " menu and the command still work. To undo it, use the button, write {undo} here, or ask an admin to take"
    " the channel from the list on Casefile’s Home."
)
IS_UNMUTED = (
    "Tickets in this channel get a reply again, from the next one on. Those that came meanwhile get none:"
    " “Find sessions” in a message’s menu looks them up. To mute it again, write {redo} here."
)
CANNOT_MUTE = (
    "Casefile reads no tickets here, so there is nothing to mute. Do it in the channel with the tickets."
)

# Tickets that are listed in one message.
DIGEST_HEAD = (
    "*More than {tickets} came in here within an hour*, so from then on they are listed, each once, instead"
    " of being answered in their threads."
)
DIGEST_FOOT = "“Find sessions” in a ticket’s menu looks its customer up in full."
DIGEST_TICKET = "Ticket"
DIGEST_TEXT = "{tickets}, listed"
DIGEST_NOT_SURE = "whom it is about is not surely known"
DIGEST_PRIVATE = "its customer can be looked up; only you will see the answer"

# Where nobody was looked up.
OFFER = "No address here is surely the customer’s, so nobody was looked up."
PRIVATE_OFFER = "The customer’s visits can be looked up; only you will see them."
CHOICE = "Whom do you want to look up?"
NOBODY_NAMED = "That message names nobody who could be looked up."
LOOK_UP = "Look up a customer…"
CANCEL = "Cancel"
MODAL_TITLE = "Look up a customer"
MODAL_LABEL = "Email address or uid"
MODAL_HINT = "The uid is your product’s own user id; write uid: before one that has an @ in it."
MODAL_PRIVATE = "Only you will see the answer."
MODAL_PUBLIC = "Everybody here will see the answer."
USAGE = {
    "jane@contoso.example": "a customer’s visits and errors, by email address",
    "u-77": "by your product’s own user id (“uid:help” for a uid like one of our words)",
    "jane@contoso.example 7d fresh": "the last 7 days (1 to 365), and the tools asked again",
    "debug": "what each source has left of its quota",
    "mute": "tickets in this channel get no reply any more (“unmute”: they do again)",
}

# What each account has left.
REFUSES = "{account}: takes no calls now; again: {time}"
NO_LIMIT = "{account}: {calls} in the last 24 h, no limit known"
LEFT = "{account}: {left} of {calls} left in {window}"
NEXT_BACK = "the next one comes back {time}"
LAST_ASKED = "last asked {time}: {trouble}"

# How many others it hit.
OTHERS = "Is it just them?"
NOT_JUST_THEM = "Not just {who}"
JUST_THEM = "Just {who}, as far as is counted"
NOT_KNOWN_WHETHER_JUST_THEM = "Whether it is just {who} is not known"
NOTHING_HIT_THEM = "Nothing is known that went wrong for {who} in the last {days}."
CRASHES_ON_VERSION = "{share} of sessions on app {version} crash ({count} of {all} in {days})"
CRASHES = "{share} of sessions crash ({count} of {all} in {days})"
IN_SESSIONS = "in {share} of sessions ({count} of {all} in {days})"
SO_OFTEN = "{times} in {days}"
SO_OFTEN_EVER = "{times} among all users"
OTHER_PEOPLE = "{people}"
AT_LEAST_OTHERS = "at least {people}"
AT_MOST_OTHERS = "at most {people}"
NOBODY_ELSE = "nobody else"
NOT_ONLY_THERE = "not only {place}"
ONLY_THERE = "only {place} so far"
MORE_THERE = "more than usual in {place} ({share} of these sessions, {usual} of all)"
NO_SUCH_COUNT = "{source} has no count of it"
CANNOT_TELL = "{sources} cannot tell how many others"
BY_DEVICE = "crashed: {rows}"
DEVICE_AND_VERSION = "{device} with app {version}"
THEIR_ROW = "{crashed} of {sessions} on {device} (theirs)"
OTHER_ROW = "{crashed} of {sessions} on {device}"
COUNTED = "counted {ago}"
COUNTING_OTHERS = "counting others …"

# A person's own token for programs.
PROGRAMS = (
    "Programs that speak MCP may ask as you, with a token of your own: what you may, they may. What they ask"
    " stands in the audit trail under your name."
)
PROGRAMS_MAKE = "Make a token"
PROGRAMS_ANEW = "Make a new token"
PROGRAMS_END = "End my token"
PROGRAMS_ANEW_TITLE = "Make a new token?"
PROGRAMS_ANEW_TEXT = "The one that you have ends at once."
PROGRAMS_TITLE = "Your token"
PROGRAMS_CLOSE = "I have it"
PROGRAMS_MADE = "Copy it now: it is shown this once, and is good for {days} days or until you end it."
PROGRAMS_USE = (
    "It goes into your program’s settings, as a bearer token. Whoever has it asks as you: give it to nobody."
)

# Cards.
VISIT_OF = "Visit of {who}"
VISITS_OF = "Visits of {who}"
NOT_KNOWN_BY_NAME = "somebody who is not known by name"

# What a watched thread is told.
AN_ERROR = "an error of this customer"
SOME_ERROR = "one error"
STATUS_SET = "{error} was marked {status}"
STATUS_SET_BY = "{error} was marked {status} by {who}"
STATUS_CHANGED = "{error} got another status"
ASSIGNED = "{error} was assigned"
ASSIGNED_TO = "{error} was assigned to {who}"
CAME_BACK = "{error} has come back: it occurred again"
CHANGED_SINCE = "changed again since"
HIT = "This customer hit another error: {error}"
HIT_MASKED = "This customer hit another error"
HITS_END = "of further errors nothing is told here"
CHANGES_END = "of further changes nothing is told here"
BACK = "This customer is back on the site"
MANY_TICKETS = "{tickets} have this error: {error}"
TICKETS_HAVE_IT = "{tickets} have this error"
IN_CHANNELS = "in {channels}"
OPEN_TICKET = "open ticket"

# Watching.
WATCHING = "Is this thread watched?"
WATCH_THREAD = "Watch this thread"
STOP_WATCHING = "Stop watching"
IS_WATCHED = (
    "The thread is told when its errors are resolved, ignored, assigned or come back, when this customer"
    " hits another error, and when they are back on the site: for {days}."
)
WATCHED_ALREADY = (
    "Yes: the thread is told when its errors are resolved, ignored, assigned or come back, when this"
    " customer hits another error, and when they are back on the site: for {days} from when that began."
)
NOT_WATCHED = "No: the thread is told nothing of what becomes of its errors."
IS_STOPPED = "The thread is told nothing more."
WAS_STOPPED = "The thread was told nothing already."
WATCHING_IS_OFF = "No thread is watched: whoever runs Casefile has switched that off."
CANNOT_WATCH = "The thread cannot be watched: Casefile may not post here for everybody to see."

# A note in the help desk, and what is said of it.
NOTE_IN_TICKET = "Note in ticket"
NOTE_HEAD = "Casefile, {time}: what this customer did around the time of the ticket"
NOTE_MARK = "Noted by Casefile ({mark})"
NOTED = "Noted in the ticket at {desk}, where customers do not see it"
NOTED_FOR = "{noted}, for {person}."
NOTED_ALREADY = "The ticket at {desk} has Casefile’s note already."
NOT_NOTED = "The note could not be written: {why}. {advice}"
NOTE_AGAIN = "Nothing was written. *Note in ticket*, in the answer’s menu, tries again."
NOTHING_WRITTEN = "Nothing was written."
NOTE_MAYBE = "Look into the ticket before you try again."
NO_TICKET_HERE = "The head of the thread names no ticket of a help desk that Casefile may write to."
NOT_IN_DESK = "No configured help desk has that ticket."

# Where the channel sees no customer.
ASKING_OTHERS = "asking other tools"
ANSWERED = "{tools} answered"
LAST_DAYS = "last {days}"
SHOW_ME = "Show me"
SHARED_BY = "Shared by {person}"
SHARE = "Share here"
SHARE_TITLE = "Share it here?"
SHARE_TEXT = "Everybody in this channel sees the customer’s name and links."
SHARE_YES = "Share"

# What only the asker sees, and why.
ONLY_YOU = "Only you can see this."
NOT_INVITED = "Only you can see this: Casefile is not in this channel. `/invite @Casefile` brings it in."
ARCHIVED = "Only you can see this: nothing can be posted in an archived channel."
SCOPE_MISSING = (
    "Only you can see this: Casefile lacks a permission that it needs to post here. Whoever installed it"
    " finds out which one with `casefile doctor`."
)
THREAD_GONE = "Only you can see this: the message above this thread is gone."
POSTING_BARRED = "Only you can see this: this channel’s settings do not let Casefile post."
BETWEEN_PEOPLE = "Only you can see this: Casefile cannot post in messages between people."
PRIVATE_BY_SETTING = "Only you can see this: Casefile was set up to answer privately."

# Why there is no answer, for whoever asked.
NO_SOURCE = "No tool is configured yet. Whoever installed Casefile can add one: its README says how."
HEAD_NOT_READ = (
    "Casefile cannot read the first message of this thread. Name the customer:"
    " `@Casefile jane@contoso.example`."
)
FILE_NOT_READ = (
    "That message is a file, and Casefile lacks the permission to read files (`files:read`). Name the"
    " customer: `@Casefile jane@contoso.example`."
)
NOT_SURE_WHO = (
    "Slack could not confirm who you are just now, so nobody was looked up. Please try again in a minute."
)
BROKEN_OFF = "Casefile lost its database in the middle of this. Please ask again in a minute."
UNEXPECTED = (
    "Casefile could not finish this lookup: something unexpected went wrong, and it was logged. Please"
    " try again; if it happens again, tell whoever installed Casefile."
)
OUTCOME_UNKNOWN = (
    "Slack did not say whether it took Casefile’s answer, and Casefile may not read here to find out. If you"
    " see no answer, please ask again; after `/invite @Casefile` it can look for itself."
)
UNREACHABLE = (
    "Casefile could not answer you: Slack did not take its answer for half an hour. Please ask again."
)
TOO_BUSY = "Casefile has more lookups under way than it can take on. Please try again in a minute."
TOO_OFTEN = (
    "You have asked {times} times in the last minute, which is as often as one person may. Please ask again"
    " in {seconds} s."
)
DATABASE_AWAY = "Casefile cannot reach its database just now, so nobody was looked up. Please try again soon."
FORGED = (
    "That button is from an earlier version of Casefile, or was altered, so nobody was looked up. Please ask"
    " again: `/sessions jane@contoso.example`."
)
FORM_NOT_OPENED = "Slack did not open the form this time. Please try again."
TOO_MANY_AT_ONCE = "At most {people} people are looked up at once."
GONE_ALREADY = "That answer is gone already."

# How the sources are, for whoever asks.
SOURCES_NOW = "How the tools are"
TRAIL = "`casefile audit`, on the machine that runs Casefile, says who looked whom up."

# App Home.
ABOUT = "What a customer saw: their session replays and recent errors, from every tool that records them."
NOTHING_ALLOWED = "What you may do here: nothing. {why}"
UNSURE_AT_HOME = "Slack could not confirm who you are just now. Open this tab again in a minute."
TYPE_FIRST = "Type an email address or a uid first."
FIELD = "Look a customer up"
FIELD_EXAMPLE = "jane@contoso.example, or a uid"
LOOK_UP_NOW = "Look up"
ANSWER_HERE = "The answer appears here, and only you see it."
CLOSE_ANSWER = "Close this answer"
LAST_LOOKUPS = "Your last lookups"
NO_LOOKUPS = "You have looked nobody up lately."
LOOK_UP_AGAIN = "Look up again"
WHERE_IT_LOOKS = "Where Casefile looks"
WHAT_YOU_MAY = "What you may do"
MAY_LOOK_UP = (
    "You may look customers up here, and with {command} or a mention in the channels of your own workspace;"
    " {where}."
)
SEEN_BY_YOU = "only you see the answer"
SEEN_BY_ALL = "everybody there sees the answer"
NOT_WHERE_SHARED = "In channels that are shared with another company nobody is looked up."
FOR_ADMINS = "What holds for the whole workspace is for its admins to switch."
TICKETS_FOR_ALL = "Tickets, for everybody"
SWITCHES = (
    "These switches hold for the whole workspace; you see them because you are one of its admins. What nobody"
    " has switched is as whoever installed Casefile set it up."
)
WHICH_CHANNELS = "Where tickets are read"
EVERY_CHANNEL = "Every channel that Casefile is in"
WHERE_MUTED = "Where tickets get no reply"
BY_WHOMEVER = "whoever said so there"
WHEN_UNSURE = "Where no address in a ticket can be trusted"
WHEN_UNSURE_CHOICE = "Choose what is done"
OFFER_A_BUTTON = "Offer a button below the ticket"
SAY_NOTHING = "Say nothing"
AS_SET_UP = "As it was set up"
