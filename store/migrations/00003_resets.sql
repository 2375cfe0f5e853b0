-- What resets need: requests, their effects, one-time links, the freeze, and a
-- keyed chain through the audit trail. One file for both engines, as the first.

-- +goose Up

CREATE TABLE requests (
    key           TEXT PRIMARY KEY,
    version       BIGINT NOT NULL,
    state         TEXT NOT NULL,
    subject_key   TEXT NOT NULL,     -- bot.Identity.Key, or ''
    requester_key TEXT NOT NULL,
    data          TEXT NOT NULL,
    asked_at      BIGINT NOT NULL,
    begun         BIGINT NOT NULL DEFAULT 0 -- how often an effect of it has begun: who counts here has locked the row
);
CREATE INDEX requests_subject ON requests (subject_key, asked_at);
CREATE INDEX requests_requester ON requests (requester_key, asked_at);
CREATE INDEX requests_asked ON requests (asked_at);

-- What is to be changed at the tenant, and how far that has come. Those of one
-- lane are done one after another, in the order of turn.
CREATE TABLE effects (
    key        TEXT PRIMARY KEY,
    seq        BIGINT NOT NULL,      -- the order in which they were asked for
    turn       BIGINT NOT NULL,      -- the order in which they are done
    lane       TEXT NOT NULL,        -- its request, or for a mail itself
    request    TEXT NOT NULL,        -- '' for a mail about none
    kind       TEXT NOT NULL,
    data       TEXT NOT NULL,
    state      TEXT NOT NULL,        -- as flows.EffectState
    ready      BIGINT NOT NULL,      -- 1 while a worker may begin it, as far as its request goes
    anyway     BIGINT NOT NULL,      -- 1 if a freeze does not stop it
    reason     TEXT NOT NULL DEFAULT '',
    object     TEXT NOT NULL DEFAULT '',
    until_at   BIGINT NOT NULL DEFAULT 0,
    tries      BIGINT NOT NULL DEFAULT 0, -- how often it was begun: there is an intent for each
    unsure     BIGINT NOT NULL DEFAULT 0, -- 1 once the fate of a try is not known
    failures   BIGINT NOT NULL DEFAULT 0, -- of the kind that waiting may help
    defaults   BIGINT NOT NULL DEFAULT 0, -- how often others had to go first
    due_at     BIGINT NOT NULL,      -- while it is held or running, when the lease ends
    held       BIGINT NOT NULL DEFAULT 0,
    claim      BIGINT NOT NULL DEFAULT 0,
    asked_at   BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX effects_due ON effects (due_at, turn) WHERE state IN ('wanted', 'running');
CREATE INDEX effects_lane ON effects (lane, turn) WHERE state IN ('wanted', 'running');
CREATE INDEX effects_request ON effects (request, seq);
INSERT INTO counters (name, n) VALUES ('effects', 0);

-- A token is known by its digest alone, so that who reads the database cannot
-- follow anybody's link.
CREATE TABLE links (
    digest     TEXT PRIMARY KEY,     -- sha256 of the token, in hex
    verb       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    for_person TEXT NOT NULL,
    place      TEXT NOT NULL,
    plan       TEXT NOT NULL,
    until_at   BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX links_until ON links (until_at);

-- The one row that says whether resets are stopped.
CREATE TABLE freezes (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    is_on   BIGINT NOT NULL,
    data    TEXT NOT NULL,
    begun   BIGINT NOT NULL DEFAULT 0 -- as in requests
);
INSERT INTO freezes (id, version, is_on, data) VALUES (1, 0, 0, '{}');

-- mac chains a line to the one before it, and seal is that of the last line, so
-- that none can be taken off the end. See chain.go.
ALTER TABLE audit ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN mac TEXT NOT NULL DEFAULT '';
ALTER TABLE counters ADD COLUMN seal TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_intents ON audit (at) WHERE verb = 'effect.intent';

-- +goose Down
DROP INDEX audit_intents;
ALTER TABLE counters DROP COLUMN seal;
ALTER TABLE audit DROP COLUMN mac;
ALTER TABLE audit DROP COLUMN key_id;
DROP TABLE freezes;
DROP TABLE links;
DELETE FROM counters WHERE name = 'effects';
DROP TABLE effects;
DROP TABLE requests;
