package reset

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"strconv"
	"strings"

	"mfahelp/bot"
	"mfahelp/flows"
)

// Codes are what people read to each other over the phone or across a table.
// None is kept anywhere: each follows from a key of this installation and from
// the very plan, or pass, that it is for, and so ends with it.
type Codes struct{ Key []byte }

// The kinds of a [bot.Reveal] that stand for a code, and so for whom it is. The
// subject of one is what [Flow.Reveal] finds it by.
const (
	adminHalf   = "reset-admin-half"   // read out by the admin who calls, so that who answers knows that it is them
	subjectHalf = "reset-subject-half" // read out by who is called, so that the admin knows that it is who asked
	pickUpCode  = "reset-pick-up"      // spoken to the subject by who may hand over the pass
)

// alphabet leaves out what is heard or read wrong.
var alphabet = base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789").WithPadding(base32.NoPadding)

// code is the one of a kind for what it is bound to: 30 bits, of which nobody
// has more than a few guesses.
func (c Codes) code(kind string, bound ...string) string {
	mac := hmac.New(sha256.New, c.Key)
	for _, s := range append([]string{kind}, bound...) {
		mac.Write([]byte{byte(len(s) >> 8), byte(len(s))})
		mac.Write([]byte(s))
	}
	return alphabet.EncodeToString(mac.Sum(nil))[:6]
}

// half is one of the two halves of a read-back code: of this request, of the plan
// that it has, and of this call: who called before knows both of that one's.
func (c Codes) half(kind string, r flows.Request) string {
	return c.code(kind, r.Key, r.Digest(), strconv.Itoa(times(r, ByCallBack)))
}

// heard is what somebody wrote down, as codes are spelled.
func heard(s string) string {
	s = strings.ToUpper(s)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", r) {
			return r
		}
		return -1
	}, s)
}

// same compares in a time that tells nothing.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Reveal implements [bot.Secrets] for codes: the admin's half for whoever calls,
// the subject's for the subject, or for the admin who has them on the phone and
// tells it to them, who is never who calls, and the code to pick a pass up for who
// hands it over. Not ok is also for what is no longer open.
func (f *Flow) Reveal(ctx context.Context, v bot.Reveal, to bot.Person) (string, bool) {
	r, err := f.Requests.Request(ctx, v.Subject)
	if err != nil || !to.Known() || r.State != flows.ResetAsked && v.Kind != pickUpCode {
		return "", false
	}
	switch v.Kind {
	case adminHalf:
		if f.mayCall(ctx, r, to.Identity) == "" {
			return f.Codes.half(adminHalf, r), true
		}
	case subjectHalf:
		if hasHalf(r, to.Identity) {
			return f.Codes.half(subjectHalf, r), true
		}
	case pickUpCode:
		if key, open := f.openPass(ctx, r); open && r.HandOver.PickUp && f.mayHave(unpicked(r), to) {
			return f.Codes.code(pickUpCode, r.Key, key), true
		}
	}
	return "", false
}

// Spoken reports whether a text has a half of a code in it that is open in a
// case, or the code that fetches a pass. Whoever asks somebody to write one down
// wants to use it in their place, so what has one in it is passed on to nobody.
func (f *Flow) Spoken(ctx context.Context, c flows.Case, text string) (bool, error) {
	if !c.Subject.Known() {
		return false, nil
	}
	all, err := f.Requests.About(ctx, c.Subject, f.Now().Add(-f.Policy.RequestLife-f.Policy.Watch))
	if err != nil {
		return false, err
	}
	for _, r := range all {
		if !r.State.Open() || len(r.Needs) == 0 {
			continue
		}
		codes := []string{f.Codes.half(adminHalf, r), f.Codes.half(subjectHalf, r)}
		if key, open := f.openPass(ctx, r); open {
			codes = append(codes, f.Codes.code(pickUpCode, r.Key, key))
		}
		for _, code := range codes {
			if spells(text, code) {
				return true, nil
			}
		}
	}
	return false, nil
}
