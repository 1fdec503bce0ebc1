package web

import (
	"errors"
	"html/template"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"

	"catchment/crm"
	"catchment/web/api"
	"catchment/web/login"
)

// PasswordConfig is what the page needs on which a link leads to choosing a password.
type PasswordConfig struct {
	Desk *login.Desk
	Log  *slog.Logger
}

// passwordWords are what the page says.
type passwordWords struct {
	Language, Title, Label, Hint, Button, Broken string
}

var passwordPageWords = map[string]passwordWords{
	"en": {"en", "Choose your password", "Password", "At least ten characters. Length counts, not kinds of characters.", "Set password and sign in",
		"This link is not valid any more. Ask for a new one."},
	"de": {"de", "Wählen Sie Ihr Passwort", "Passwort", "Mindestens zehn Zeichen. Die Länge zählt, nicht die Art der Zeichen.", "Passwort setzen und anmelden",
		"Dieser Link gilt nicht mehr. Bitten Sie um einen neuen."},
}

// The page works without script and needs nothing beside itself.
var passwordPage = template.Must(template.New("password").Parse(`<!doctype html>
<html lang="{{.Words.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Words.Title}} · Catchment</title></head>
<body>
<main>
<h1>{{.Words.Title}}</h1>
{{- if .Fault}}
<p role="alert"><strong>{{.Fault}}</strong></p>
{{- end}}
{{- if .Token}}
<form method="post" action="{{.Action}}">
<input type="hidden" name="token" value="{{.Token}}">
<p><label for="password">{{.Words.Label}}</label><br>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" maxlength="200" required autofocus aria-describedby="hint"></p>
<p id="hint">{{.Words.Hint}}</p>
<p><button>{{.Words.Button}}</button></p>
</form>
{{- end}}
</main>
</body>
</html>
`))

// PasswordRoutes adds the page. Links of letters lead to it; it signs in who chooses a password.
func PasswordRoutes(c PasswordConfig) func(chi.Router) {
	show := func(w http.ResponseWriter, r *http.Request, status int, language, token, fault string) {
		words, known := passwordPageWords[language]
		if !known {
			words = passwordPageWords["en"]
		}
		if token == "" && fault == "" {
			fault = words.Broken
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the secret
		w.WriteHeader(status)
		err := passwordPage.Execute(w, map[string]any{"Words": words, "Token": token, "Fault": fault, "Action": login.PasswordPath})
		if err != nil && r.Context().Err() == nil {
			c.Log.WarnContext(r.Context(), "write the password page", "error", err)
		}
	}
	return func(router chi.Router) {
		router.Get(login.PasswordPath, func(w http.ResponseWriter, r *http.Request) {
			token := r.URL.Query().Get("token")
			language, err := c.Desk.LinkLanguage(r.Context(), token)
			switch {
			case crm.KindOf(err) == crm.Invalid:
				show(w, r, http.StatusGone, r.URL.Query().Get("language"), "", "")
			case err != nil:
				api.ProblemFor(r.Context(), c.Log, err, nil).Write(w)
			default:
				show(w, r, http.StatusOK, language, token, "")
			}
		})
		router.Post(login.PasswordPath, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 10_000)
			token, password := r.PostFormValue("token"), r.PostFormValue("password")
			session, err := c.Desk.SetPassword(r.Context(), token, password, login.Caller{Address: api.Caller(r.Context()), Agent: r.UserAgent(), Session: login.CookieToken(r)})
			var known *crm.Error
			switch {
			case errors.As(err, &known) && known.Field == "password":
				language, _ := c.Desk.LinkLanguage(r.Context(), token) // it was valid a moment ago; English if not
				show(w, r, http.StatusUnprocessableEntity, language, token, known.Message)
			case crm.KindOf(err) == crm.Invalid:
				show(w, r, http.StatusGone, "", "", "")
			case err != nil:
				api.ProblemFor(r.Context(), c.Log, err, nil).Write(w)
			default:
				http.SetCookie(w, c.Desk.Cookie(session))
				http.SetCookie(w, c.Desk.Hint(session))
				http.Redirect(w, r, "/", http.StatusSeeOther)
			}
		})
	}
}
