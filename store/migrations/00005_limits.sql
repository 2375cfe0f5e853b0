-- What everybody did is counted too; see flows.Limit.

-- +goose Up
CREATE INDEX audit_verb ON audit (verb, at);

-- +goose Down
DROP INDEX audit_verb;
