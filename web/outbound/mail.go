package outbound

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Mail is one letter.
type Mail struct {
	ID                      string // of the letter: sent again it keeps its Message-ID, so that receivers can tell
	To, Subject, Text, HTML string
}

// mailWithin is how long handing over one letter may take.
const mailWithin = 15 * time.Second

// Mailer returns what hands letters to the mail server of an address: smtps://user:password@host (TLS from the start,
// port 465), smtp://user:password@host (STARTTLS, port 587), or smtp://host?tls=none for a server on our own network.
// The server is the operator's own choice: it may lie anywhere.
func Mailer(server, from string) (func(context.Context, Mail) error, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" {
		return nil, fmt.Errorf("the mail server is no address such as smtp://user:password@mail.example.org:587")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("the sender %q is no address such as \"Catchment <office@example.org>\"", from)
	}
	options := []gomail.Option{gomail.WithTimeout(mailWithin)}
	switch tls := u.Query().Get("tls"); {
	case u.Scheme == "smtps":
		options = append(options, gomail.WithSSL(), gomail.WithPort(465))
	case tls == "none":
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithPort(25))
	case tls == "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithPort(587))
	default:
		return nil, fmt.Errorf("the mail server's tls is %q; it may be none, or left out", tls)
	}
	if text := u.Port(); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("the mail server's port %q is no number", text)
		}
		options = append(options, gomail.WithPort(port))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(u.Hostname(), options...); err != nil {
		return nil, fmt.Errorf("set up the mail server: %w", err)
	}
	domain := sender.Address[strings.LastIndexByte(sender.Address, '@')+1:]
	return func(ctx context.Context, m Mail) error {
		message := gomail.NewMsg()
		if err := message.From(sender.String()); err != nil {
			return fmt.Errorf("sender: %w", err)
		}
		if err := message.To(m.To); err != nil {
			return fmt.Errorf("recipient: %w", err)
		}
		message.Subject(m.Subject)
		message.SetMessageIDWithValue(m.ID + "@" + domain)
		message.SetGenHeader("Auto-Submitted", "auto-generated")
		message.SetBodyString(gomail.TypeTextPlain, m.Text)
		if m.HTML != "" {
			message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
		}
		client, err := gomail.NewClient(u.Hostname(), options...)
		if err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, mailWithin)
		defer cancel()
		if err := client.DialAndSendWithContext(within, message); err != nil {
			return fmt.Errorf("hand a letter to the mail server: %w", err)
		}
		return nil
	}, nil
}
