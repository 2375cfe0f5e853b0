-- One file for both engines, so only what both understand. Every time is a
-- BIGINT: microseconds since 1970, UTC, and 0 for none. It compares, sorts and
-- aggregates alike everywhere, and no driver has a zone of its own to add.
--
-- Where a row can be claimed, due_at says when it may be; while somebody has
-- it (held = 1) that is when their lease ends. claim is a number that only
-- grows, and who brings an old one back has lost what they claimed.

-- +goose Up

-- Numbers are given out under the lock of their row, so that their order is
-- the order of the commits.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    n    BIGINT NOT NULL
);
INSERT INTO counters (name, n) VALUES ('work', 0), ('posts', 0), ('audit', 0);

-- Events that were accepted and jobs that were asked for. Those of one lane
-- are done one after another, in the order of seq.
CREATE TABLE work (
    id            TEXT PRIMARY KEY,  -- event/<platform>/<its id> or job/<key>
    seq           BIGINT NOT NULL,
    lane          TEXT NOT NULL,
    body          TEXT NOT NULL,     -- the event or the job; '' once it is done
    state         TEXT NOT NULL,     -- due, done, failed
    due_at        BIGINT NOT NULL,
    held          BIGINT NOT NULL DEFAULT 0,
    claim         BIGINT NOT NULL DEFAULT 0,
    begun         BIGINT NOT NULL DEFAULT 0, -- how often it was claimed
    failures      BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT NOT NULL DEFAULT 0,
    asked_at      BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL DEFAULT 0,
    error         TEXT NOT NULL DEFAULT ''
);
CREATE INDEX work_due ON work (due_at, seq) WHERE state = 'due';
CREATE INDEX work_lane ON work (lane, seq) WHERE state = 'due';
CREATE INDEX work_ended ON work (ended_at) WHERE state <> 'due';

CREATE TABLE cases (
    key           TEXT PRIMARY KEY,
    version       BIGINT NOT NULL,
    state         TEXT NOT NULL,
    subject_key   TEXT NOT NULL,     -- bot.Identity.Key, or ''
    requester_key TEXT NOT NULL,
    requester_at  TEXT NOT NULL,     -- <platform>/<id>, for one whom the directory does not know
    data          TEXT NOT NULL,
    opened_at     BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    escalated_at  BIGINT NOT NULL
);
CREATE INDEX cases_subject ON cases (subject_key, opened_at);
CREATE INDEX cases_requester ON cases (requester_key, opened_at);
CREATE INDEX cases_requester_at ON cases (requester_at, opened_at);
CREATE INDEX cases_queue ON cases (escalated_at) WHERE state = 'admins';

-- The outbox: what is to be seen, and how far that has come.
CREATE TABLE posts (
    key        TEXT PRIMARY KEY,
    seq        BIGINT NOT NULL,
    lane       TEXT NOT NULL,        -- the place and the thread
    case_key   TEXT NOT NULL,
    platform   TEXT NOT NULL,
    place_id   TEXT NOT NULL,
    thread     TEXT NOT NULL,
    reader     TEXT NOT NULL,
    place      TEXT NOT NULL,
    under      TEXT NOT NULL,
    message    TEXT NOT NULL,        -- '' some time after it was sent
    reply      TEXT NOT NULL,        -- '' as soon as it was used or is over
    ref        TEXT NOT NULL DEFAULT '',
    moves      BIGINT NOT NULL DEFAULT 0, -- how often it went to another place
    wanted_rev BIGINT NOT NULL DEFAULT 1,
    sent_rev   BIGINT NOT NULL DEFAULT 0, -- 0 in a new place
    state      TEXT NOT NULL,        -- pending, sent, failed
    due_at     BIGINT NOT NULL,
    held       BIGINT NOT NULL DEFAULT 0,
    claim      BIGINT NOT NULL DEFAULT 0,
    failures   BIGINT NOT NULL DEFAULT 0,
    asked_at   BIGINT NOT NULL,      -- when the oldest of what is not sent was wanted
    ended_at   BIGINT NOT NULL DEFAULT 0,
    error      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX posts_due ON posts (due_at, seq) WHERE state = 'pending';
CREATE INDEX posts_lane ON posts (lane, seq) WHERE state = 'pending';
CREATE INDEX posts_under ON posts (under) WHERE under <> '';
CREATE INDEX posts_ref ON posts (platform, ref);
CREATE INDEX posts_thread ON posts (platform, thread) WHERE thread <> '';

CREATE TABLE offers (
    key        TEXT PRIMARY KEY,
    post       TEXT NOT NULL,
    verb       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    place      TEXT NOT NULL,
    for_reader TEXT NOT NULL,
    until_at   BIGINT NOT NULL DEFAULT 0,
    closed_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX offers_open ON offers (post) WHERE closed_at = 0;

CREATE TABLE audit (
    seq       BIGINT PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    at        BIGINT NOT NULL,
    by_tenant TEXT NOT NULL,
    by_object TEXT NOT NULL,
    case_key  TEXT NOT NULL,
    verb      TEXT NOT NULL,
    object    TEXT NOT NULL,
    result    TEXT NOT NULL
);
CREATE INDEX audit_by ON audit (by_tenant, by_object, verb, at);
CREATE INDEX audit_case ON audit (case_key, seq);

CREATE TABLE memory (
    platform TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    BYTEA NOT NULL,
    PRIMARY KEY (platform, key)
);

-- +goose Down
DROP TABLE memory;
DROP TABLE audit;
DROP TABLE offers;
DROP TABLE posts;
DROP TABLE cases;
DROP TABLE work;
DROP TABLE counters;
