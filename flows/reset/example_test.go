package reset_test

import (
	"context"
	"fmt"
	"time"

	"mfahelp/bot"
	"mfahelp/flows"
	"mfahelp/flows/reset"
	"mfahelp/graph"
	"mfahelp/words"
)

// What a program has already when it wires resets.
var (
	tenant   reset.Directory // graph/msgraph, behind the live tenant or the pretend one
	events   reset.Changes   // graph/signins
	signIns  reset.SignIns   // graph/signins
	requests flows.Requests  // the store
	cases    flows.Cases
	admins   flows.Admins
	ledger   flows.Ledger
	platform bot.Reacher // each that may speak first
	key      []byte      // of this installation: random, and kept with its other secrets
)

// A policy by which one of a group approves, and two where nothing would stay.
func ExamplePolicy() {
	desk := reset.Approvers{Groups: []string{"8f1d3c80-4f5e-4b6a-9d0e-2b7c1a9e5f10"}, Count: 1}
	p := reset.Policy{
		Approvers: map[reset.Class]reset.Approvers{
			reset.OneMethod: desk, reset.PassOnly: desk, reset.AllMethods: {Groups: desk.Groups, Count: 2},
		},
		Proofs: map[flows.Asker][]string{
			flows.AsSubject: {reset.ByManager}, flows.AsColleague: {reset.ByManager}, flows.AsAdmin: {reset.ByCallBack},
		},
		RequestLife: 4 * time.Hour, ProofLife: time.Hour, CoolDown: 24 * time.Hour, PerRequester: 3, PerHour: 20, Burst: 3,
		PassLife: time.Hour, PassOnce: true, CallField: graph.MobilePhone, CallUnchanged: 30 * 24 * time.Hour,
		Settled: 3 * 24 * time.Hour, Watch: 3 * 24 * time.Hour, Remind: time.Hour,
	}
	fmt.Println(p.Check())
	p.Proofs[flows.AsColleague] = nil
	fmt.Println(p.Check())
	// Output:
	// <nil>
	// colleague need prove nothing
}

func ExampleNew() {
	flow, err := reset.New(reset.Options{
		Policy: example(), Tenant: "11111111-2222-3333-4444-555555555555",
		Directory: tenant, Changes: events, SignIns: signIns,
		Requests: requests, Cases: cases, Admins: admins, Ledger: ledger,
		Reach: []bot.Reacher{platform}, Codes: reset.Codes{Key: key},
		Words:   func(locale string) *words.Printer { return &words.Printer{Locale: locale} },
		Channel: bot.Place{Platform: "slack", ID: "C0ADMINS", Private: true},
		Page:    func(link string) string { return "https://mfahelp.contoso.com/go/" + link },
		Token:   func() string { return "32 random bytes as text" },
		Self:    []string{"99999999-8888-7777-6666-555555555555"}, // the app that writes
		Now:     time.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := flows.Router{Flows: []flows.Named{flow.Named() /* then escalate, home, help */}}
	var (
		_ flows.Leave       = flow // asked by the store's effect worker
		_ bot.Confirmations = flow // asked by our own page
		_ bot.Secrets       = flow // asked by a platform; for a pass it asks the store
	)
	fmt.Println(router.Flows[0].Name)
	// and when all is wired: answer, err := flow.Start(ctx), to be committed

	// Output: reset
}

// example is the least that a policy says.
func example() reset.Policy {
	return reset.Policy{
		Approvers:   map[reset.Class]reset.Approvers{reset.OneMethod: {Groups: []string{"g"}, Count: 1}},
		Proofs:      map[flows.Asker][]string{flows.AsSubject: {reset.ByManager}},
		RequestLife: time.Hour, ProofLife: time.Hour, CoolDown: time.Hour, PerRequester: 1, PerHour: 1, Burst: 1,
		PassLife: time.Hour, Settled: time.Hour, Watch: time.Hour, Remind: time.Hour,
	}
}

var _ func(context.Context, flows.Case, string) (bool, error) = (*reset.Flow)(nil).Spoken // asked by who relays
