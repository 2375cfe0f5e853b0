package main

import (
	"cmp"
	"context"

	"mfahelp/bot/slack"
	"mfahelp/config"
)

// slackCheck tries the app in Slack, and says nothing there.
type slackCheck struct{ cfg config.Config }

func (slackCheck) Name() string { return "slack" }

func (c slackCheck) Check(ctx context.Context) (found []finding) {
	o := slackOptions(c.cfg)
	o.Words = printer
	verdicts := map[slack.Verdict]string{slack.Good: verdictOK, slack.Unwise: verdictUnwise, slack.Missing: verdictMissing}
	for _, f := range slack.New(o).Check(ctx) {
		one := finding{What: f.What, Needs: f.Needs, Verdict: cmp.Or(verdicts[f.Verdict], verdictUnknown)}
		if f.Err != nil {
			one.Said, one.See = f.Err.Error(), "docs/slack.md"
		}
		found = append(found, one)
	}
	return found
}
