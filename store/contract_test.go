package store

import "testing"

// contract is what every engine keeps. Each test has a store of its own.
func contract(t *testing.T, address func(*testing.T) string) {
	for _, test := range []struct {
		name string
		run  func(*fixture)
	}{
		{"an event accepted twice is one", acceptedTwice},
		{"events that come at once are kept together", acceptedAtOnce},
		{"an event that cannot be kept is refused alone", unfitEvents},
		{"a lane is done in its order", laneInOrder},
		{"lanes do not wait for each other", lanesApart},
		{"who does not come back loses the work", workLeases},
		{"a case is changed by one at a time", versions},
		{"an answer is recorded whole or not at all", wholeOrNothing},
		{"answers that are not fit are refused", refusals},
		{"a personal post needs one reader", personal},
		{"a post replaces by key", replaces},
		{"of many versions the latest is sent", coalesces},
		{"who tries again is told so", toldAgain},
		{"a place is filled in its order", placeInOrder},
		{"a thread waits for its root", underRoot},
		{"a thread whose root failed is seen nevertheless", rootFails},
		{"who does not come back loses the post", postLeases},
		{"a busy platform is waited for", busy},
		{"a post that fails is given up in sight", postsFail},
		{"who cannot be reached is not tried again, and somebody hears of it", undeliverable},
		{"what cannot be read holds nobody up", unreadable},
		{"a post that moves is a new message", moves},
		{"a reply is used while it lasts", replies},
		{"a button keeps its key while it is offered", offersLive},
		{"a button is for whom its place is", offersFor},
		{"a job asked for again only moves", jobsMove},
		{"a job moved in somebody's hands is lost to them", jobsMoveInHand},
		{"a job at no time is forgotten", jobsForgotten},
		{"what is due next is known", due},
		{"the audit trail only grows", auditGrows},
		{"entries are counted", counts},
		{"whoever tampers with the trail is found out", tampering},
		{"a trail that was cut goes on and says so", brokenTrail},
		{"the chain goes from key to key", auditKeys},
		{"the trail is exported", exports},
		{"failed work is tried again, then apologised for", failing},
		{"an unfit apology does not hide the failure", unfitApology},
		{"slow failures end in time", slowFailures},
		{"work that takes the program down is given up", poison},
		{"panics are failures", panics},
		{"a conflict is handled again at once", conflicts},
		{"cases are read by who may", readCases},
		{"a thread leads to its case", threadToCase},
		{"platforms remember", remembers},
		{"a button ends at its time", offersEnd},
		{"requests are kept", requestsKept},
		{"requests go only where they may", requestsGo},
		{"one request about somebody waits at a time", requestsAlone},
		{"what failed is tried again in time", requestsTried},
		{"requests are read by whom they are about", requestsRead},
		{"a link is used once", linksOnce},
		{"a link is used by one", linksRace},
		{"a freeze takes two to lift", frozen},
		{"effects are asked for by key, within their plan", effectsAsked},
		{"what its request ends is dropped", effectsDropped},
		{"effects are done in order, and on record", effectsDone},
		{"nothing begins without leave", effectsAskLeave},
		{"a denial before the intent wins", effectsStopped},
		{"leave is for the request as it is", effectsReread},
		{"nothing begins while resets are stopped", effectsFrozen},
		{"a freeze stops what a plan ends, and nothing against an attack", effectsDefend},
		{"what follows from an error goes by its kind", effectsFail},
		{"who dies in an effect leaves it to others by its kind", effectsLost},
		{"nothing is done that cannot be put on record", effectsUnaudited},
		{"a pass is shown once, to who may have it", passesRevealed},
		{"a pass of unknown fate is never shown", passesUnknown},
		{"a pass in somebody's hands is theirs when work begins", passesInHand},
		{"a store is driven by anybody's clock", stepped},
		{"what is over is tidied away", tidies},
		{"what people wrote is in no log and no error", silent},
		{"wake-ups come with the transaction", wakes},
		{"everything answers under load", underLoad},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(newFixture(t, address(t)))
		})
	}
}
