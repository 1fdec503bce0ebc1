package login

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"catchment/crm"
)

// cost is what a guess costs whoever steals the table: 19 MiB and two passes, the OWASP recommendation for
// argon2id (Password Storage Cheat Sheet, 2024), about 30 ms.
var cost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Lengths of a password, in characters. The longest keeps hashing from being a way to burn our processor.
const (
	shortest = 10
	longest  = 200
)

// Hash returns the argon2id hash of a password, as kept in crm.staff.
func Hash(password string) (string, error) {
	hash, err := argon2id.CreateHash(password, cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// CheckPassword says why a password may not be chosen by who signs in with the e-mail. Length counts, not
// kinds of characters.
func CheckPassword(field, password, email string) error {
	length := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	switch {
	case length < shortest:
		return crm.Invalidf(field, "is too short: take at least %d characters", shortest)
	case length > longest:
		return crm.Invalidf(field, "is too long: take at most %d characters", longest)
	case strings.Contains(lower, "catchment"), slices.Contains(common, lower), strings.Count(lower, lower[:1]) == len(lower):
		return crm.Invalidf(field, "is among the first that are guessed")
	case len(local) >= 4 && strings.Contains(lower, local):
		return crm.Invalidf(field, "contains your e-mail address")
	}
	return nil
}

// common lists the long ones among the passwords most often found in leaks.
var common = []string{
	"1234567890", "0123456789", "12345678910", "123456789a", "a123456789", "0987654321", "9876543210", "1234512345",
	"1q2w3e4r5t", "1qaz2wsx3edc", "qwertyuiop", "qwerty12345", "qwerty123456", "qwertyuiop123", "asdfghjkl1", "zxcvbnm123",
	"password12", "password123", "password1234", "password12345", "passwort123", "passwort1234", "administrator",
	"iloveyou123", "letmein1234", "welcome1234", "willkommen", "willkommen1", "changeme123", "hallo12345", "football123",
	"q1w2e3r4t5", "abcd123456", "abc1234567", "superman123", "princess123", "sunshine123",
}

// verifier compares passwords, few at a time: each comparison takes 19 MiB and a core.
type verifier struct {
	turns chan struct{}
	dummy string // compared with when there is no such account, so that the answer takes as long
}

func newVerifier() (*verifier, error) {
	dummy, err := Hash("nobody has this password")
	if err != nil {
		return nil, err
	}
	return &verifier{turns: make(chan struct{}, 4), dummy: dummy}, nil
}

// matches tells whether the password belongs to the hash; nil is the hash of somebody who cannot sign in.
func (v *verifier) matches(ctx context.Context, hash *string, password string) (bool, error) {
	select {
	case v.turns <- struct{}{}:
		defer func() { <-v.turns }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	against := v.dummy
	if hash != nil {
		against = *hash
	}
	if utf8.RuneCountInString(password) > longest {
		password = "" // nobody's
	}
	same, err := argon2id.ComparePasswordAndHash(password, against)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && hash != nil, nil
}
