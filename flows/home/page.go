package home

import (
	"cmp"
	"slices"
	"strconv"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/words"
)

// How many are shown at once.
const (
	mostOwn    = 10
	mostQueued = 20
)

// own lists somebody's own cases.
func own(p *words.Printer, all []flows.Case) []bot.Block {
	blocks := []bot.Block{bot.Text{bot.Strong(p.Say("help.status.title"))}}
	if len(all) == 0 {
		return append(blocks, flows.Say(p, "help.status.empty"))
	}
	var list bot.List
	for _, c := range all[:min(len(all), mostOwn)] {
		list = append(list, bot.Item{
			Title: bot.Text{bot.Code(c.Key), bot.Plain(" · "), bot.Plain(code(p, c))},
			Facts: bot.Text{bot.Plain(p.Say("help.state." + string(c.Shown()))), bot.Plain(" · "), bot.Time{At: c.Opened}},
			About: c.Post("reply"),
		})
	}
	return more(p, append(blocks, list), len(all)-len(list))
}

func code(p *words.Printer, c flows.Case) string {
	if c.Report.Code == "" {
		return p.Say("help.status.unknown")
	}
	return "AADSTS" + c.Report.Code
}

// more says how many are not shown.
func more(p *words.Printer, blocks []bot.Block, n int) []bot.Block {
	if n <= 0 {
		return blocks
	}
	return append(blocks, bot.Note(flows.Say(p, "home.more", bot.Plain(strconv.Itoa(n)))))
}

// approvals lists resets that wait for somebody's word. It is given in the thread
// of the case, where all that speaks for and against it stands.
func approvals(p *words.Printer, all []flows.Request) []bot.Block {
	if len(all) == 0 {
		return nil
	}
	var list bot.List
	for _, r := range all[:min(len(all), mostQueued)] {
		list = append(list, bot.Item{
			Title: bot.Text{bot.Code(r.Case), bot.Plain(" · "), bot.Plain(cmp.Or(r.Account.Name, r.Account.UPN, p.Say("escalate.somebody")))},
			Facts: bot.Text{bot.Plain(p.Say("home.reset." + string(r.State))), bot.Plain(" · "), bot.Time{At: r.Asked}},
			About: flows.Case{Key: r.Case}.Post("admins"),
		})
	}
	blocks := []bot.Block{bot.Text{bot.Strong(p.Say("home.approvals"))}, list}
	return append(more(p, blocks, len(all)-len(list)), bot.Note(flows.Say(p, "home.where")))
}

// queue lists the cases that the admins have: security matters first, then what
// nobody has taken, and of each the oldest first.
func queue(p *words.Printer, open []flows.Case) []bot.Block {
	blocks := []bot.Block{bot.Text{bot.Strong(p.Say("escalate.queue.title", len(open)))}}
	if len(open) == 0 {
		return append(blocks, flows.Say(p, "escalate.queue.empty"))
	}
	open = slices.Clone(open)
	slices.SortStableFunc(open, func(a, b flows.Case) int {
		return cmp.Or(cmp.Compare(b2i(!a.Alarm), b2i(!b.Alarm)), cmp.Compare(b2i(a.Owner.ID != ""), b2i(b.Owner.ID != "")))
	})
	var list bot.List
	for _, c := range open[:min(len(open), mostQueued)] {
		list = append(list, queued(p, c))
	}
	return more(p, append(blocks, list), len(open)-len(list))
}

func queued(p *words.Printer, c flows.Case) bot.Item {
	i := bot.Item{
		Title: bot.Text{bot.Code(c.Key), bot.Plain(" · "), bot.Plain(whose(p, c)), bot.Plain(" · "), bot.Plain(code(p, c))},
		About: c.Post("admins"),
	}
	if c.Alarm {
		i.Facts = bot.Text{bot.Strong(p.Say("escalate.queue.alarm")), bot.Plain(" · ")}
	}
	state := flows.Say(p, "escalate.state.open")
	if c.Owner.ID != "" {
		state = flows.Say(p, "escalate.state.claimed", bot.Plain(c.Owner.Name))
	}
	i.Facts = append(append(i.Facts, state...), bot.Plain(" · "), bot.Time{At: c.Escalated})
	return i
}

func whose(p *words.Printer, c flows.Case) string {
	switch {
	case c.Looked.User != nil:
		return c.Looked.User.Name
	case c.Requester.Name != "" && c.Subject == c.Requester.Identity:
		return c.Requester.Name
	}
	return p.Say("escalate.somebody")
}
