"""
The tables, in SQLAlchemy Core: the same on SQLite and PostgreSQL.

Times in them are whole milliseconds since 1970 by the database's clock, so that processes with different
clocks agree.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.storage.database.now import now_ms as now_ms  # noqa: PLC0414 - as important as the tables themselves

metadata = MetaData()

# The revision of the tables, where Alembic looks for it: one row.
alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

# The tables' number from before Alembic, kept for Casefiles of that time: they refuse a database by it.
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

quota_accounts = Table(
    "quota_accounts",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("touched_ms", BigInteger, nullable=False),
)

quota_told = Table(
    "quota_told",
    metadata,
    Column("account", String(200), primary_key=True),
    # The length of the window that the vendor's count is of; 0 where it lets nobody call for a while.
    Column("over_seconds", Integer, primary_key=True, autoincrement=False),
    # How many calls were left, of how many, when that was said and when it ends.
    Column("left", Integer, nullable=False),
    Column("of_calls", Integer, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
    # The newest call of that millisecond: others of the same one were made after the vendor's word.
    Column("newest_call", Integer),
)

quota_calls = Table(
    "quota_calls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("purpose", String(20), nullable=False),
    # The hash of the person whose question it was, where one person may take a share alone.
    Column("asker", String(64)),
    Index("quota_calls_by_account", "account", "at_ms"),
)

cached_findings = Table(
    "cached_findings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("subject_hash", String(64), nullable=False, index=True),
    Column("stored_ms", BigInteger, nullable=False, index=True),
    Column("sealed", Text, nullable=False),
)

source_memory = Table(
    "source_memory",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("subject_hash", String(64), index=True),
    Column("sealed", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("delivery", String(64), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("state", String(10), nullable=False),
    Column("sealed", Text),
    Column("attempts", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("leased_by", String(32)),
    Column("ended_ms", BigInteger),
    # How often answering it went wrong, as opposed to being broken off.
    Column("failures", Integer),
    UniqueConstraint("delivery"),
    Index("jobs_by_state", "state", "leased_until_ms"),
)

posts = Table(
    "posts",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("channel", String(40), nullable=False),
    # None while the outcome of posting is unknown.
    Column("ts", String(40)),
    Column("edits", Integer, nullable=False),
    # Whether what stands there says all that there was to say.
    Column("whole", Boolean),
)

tickets = Table(
    "tickets",
    metadata,
    # The message: a hash of its channel and time.
    Column("place", String(64), primary_key=True),
    # What two notifications of one ticket in one channel have in common; None without a ticket's URL.
    Column("ticket", String(64)),
    Column("named", String(64), nullable=False),
    # Whom the answer is about; of two notifications of one ticket, one answers about them.
    Column("subjects", String(64)),
    Column("job", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reply_ts", String(40)),
    # The shape of the message that was answered, for learning from a wrong answer; it names nobody.
    Column("shape", String(200)),
    Column("created_ms", BigInteger, nullable=False, index=True),
    UniqueConstraint("ticket", "subjects"),
)

wrong_shapes = Table(
    "wrong_shapes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("shape", String(200), nullable=False, unique=True),
    # How many answers to messages of this shape people removed.
    Column("removed", Integer, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
)

watches = Table(
    "watches",
    metadata,
    # The thread: a hash of its channel and the time of its first message, as in `tickets`.
    Column("place", String(64), primary_key=True),
    # Where it is, whom it is about, and which errors it shows.
    Column("sealed", Text, nullable=False),
    # Whether it is told anything; False where a person has stopped that.
    Column("is_on", Boolean, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
    # When it is looked next whether the customer is back; None: no more.
    Column("look_ms", BigInteger, index=True),
)

watch_keys = Table(
    "watch_keys",
    metadata,
    # The hash of an error that the thread shows, or of a name of its customer at a vendor's account. A thread
    # that is told nothing any more has none.
    Column("key", String(64), primary_key=True),
    Column("place", String(64), primary_key=True, index=True),
    Column("until_ms", BigInteger, nullable=False, index=True),
)

pushed_deliveries = Table(
    "pushed_deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

pushed_errors = Table(
    "pushed_errors",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("error", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

pushed_hits = Table(
    "pushed_hits",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("error", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    # When the error last hit this person; `at_ms` is when that was told.
    Column("hit_ms", BigInteger),
)

index_sessions = Table(
    "index_sessions",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("customer", String(64)),
    Column("started_ms", BigInteger, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
    # The hash of the address that the vendor gave it.
    Column("link", String(64), index=True),
    Index("index_sessions_by_customer", "account", "customer", "started_ms"),
    Index("index_sessions_by_start", "account", "started_ms"),
)

index_customers = Table(
    "index_customers",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

index_names = Table(
    "index_names",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
    Index("index_names_by_customer", "account", "customer"),
)

index_spans = Table(
    "index_spans",
    metadata,
    Column("account", String(200), primary_key=True),
    # A span of sessions or of customers that is complete; or one of which some could not be read.
    Column("kind", String(20), primary_key=True),
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger, nullable=False),
    # How many at least could not be read.
    Column("unread", Integer),
)

index_asked = Table(
    "index_asked",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    # Of the person, however the name was spelled: by it they are forgotten.
    Column("subject_hash", String(64)),
    Column("since_ms", BigInteger, nullable=False),
    Column("asked_ms", BigInteger, nullable=False, index=True),
    # How many of their sessions could not be read.
    Column("unread", Integer),
)

index_opened = Table(
    "index_opened",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

index_lookups = Table(
    "index_lookups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("index_lookups_by_account", "account", "at_ms"),
)

identities = Table(
    "identities",
    metadata,
    Column("email", String(64), primary_key=True),
    Column("uid", String(64), primary_key=True, index=True),
    # The source that told it.
    Column("account", String(200), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("seen_ms", BigInteger, nullable=False, index=True),
)

known_sessions = Table(
    "known_sessions",
    metadata,
    # The hash of its address, or of its source and id.
    Column("key", String(64), primary_key=True),
    Column("subject_hash", String(64), index=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

switches = Table(
    "switches",
    metadata,
    # What an admin chose in place of what the environment says, a row for each switch.
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

digest_tickets = Table(
    "digest_tickets",
    metadata,
    # The hash of where the ticket's message stands. It is counted, and listed where it has a page.
    Column("place", String(64), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("page", String(80), index=True),
    # Which job has written the line.
    Column("job", String(32)),
    # What is listed of it, and about whom that is.
    Column("sealed", Text),
    # Whether the page shows it as it is here.
    Column("is_told", Boolean, nullable=False),
    Index("digest_tickets_by_channel", "channel", "at_ms"),
)

digests = Table(
    "digests",
    metadata,
    # The channel, the hour since 1970, and which message of that hour.
    Column("page", String(80), primary_key=True),
    # Which job posts it.
    Column("job", String(32), nullable=False),
    Column("ts", String(40)),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

claims = Table(
    "claims",
    metadata,
    # The hash of what is claimed.
    Column("key", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
)

turns = Table(
    "turns",
    metadata,
    # A channel, or a method of Slack's.
    Column("key", String(64), primary_key=True),
    # When the last of the turns that were taken ends.
    Column("taken_until_ms", BigInteger, nullable=False),
)

slack_calls = Table(
    "slack_calls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("method", String(64), nullable=False),
    # When it is made: some are yet to be.
    Column("at_ms", BigInteger, nullable=False),
    # Set aside for an answer's edits, which may make it earlier; NULL: no.
    Column("is_promised", Boolean),
    Index("slack_calls_by_method", "method", "at_ms"),
)

audit = Table(
    "audit",
    metadata,
    # The job, and which of the people that it is about; a row without a job has an id of its own.
    Column("id", String(80), primary_key=True),
    Column("job", String(32), index=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
    # A person's id in Slack, or the account of whoever used the terminal; None where nobody asked.
    Column("who", String(80), index=True),
    Column("channel", String(40)),
    # The message that the answer took the place of, where it was not posted anew.
    Column("message_ts", String(40)),
    Column("way", String(20), nullable=False),
    # Of whom it is about: a hash that is used for nothing else.
    Column("subject", String(64), index=True),
    # The same, sealed by a key of its own; None where nobody is to be named, or has been forgotten.
    Column("sealed", Text),
    # Names of sources, between spaces.
    Column("sources", Text, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("shown_to", String(10), nullable=False),
    Column("outcome", String(40), nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    # When somebody was forgotten: whoever remembers an older one drops what it holds in memory.
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
