package login

import (
	"embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"

	"catchment/crm"
	"catchment/crm/outbox"
)

//go:embed letters
var letterFiles embed.FS

var (
	plainLetters = text.Must(text.ParseFS(letterFiles, "letters/*.txt"))
	richLetters  = html.Must(html.ParseFS(letterFiles, "letters/*.html"))
)

// letterData is what the letters speak of.
type letterData struct {
	Name, Organisation, Link string
	Paragraphs               []string
}

// write fills in a letter in the person's language. Its first line is the subject; a line with the link alone becomes a
// button.
func write(letter string, to crm.Staff, organisation, link string) (*outbox.Letter, error) {
	language := to.Language
	if language != "de" {
		language = "en"
	}
	data := letterData{Name: to.Name, Organisation: organisation, Link: link}
	var plain strings.Builder
	if err := plainLetters.ExecuteTemplate(&plain, letter+"."+language+".txt", data); err != nil {
		return nil, fmt.Errorf("write letter %s: %w", letter, err)
	}
	subject, body, _ := strings.Cut(plain.String(), "\n")
	body = strings.TrimSpace(body) + "\n"
	for p := range strings.SplitSeq(body, "\n\n") {
		data.Paragraphs = append(data.Paragraphs, strings.TrimSpace(p))
	}
	var rich strings.Builder
	if err := richLetters.ExecuteTemplate(&rich, "letter.html", data); err != nil {
		return nil, fmt.Errorf("write letter %s: %w", letter, err)
	}
	return &outbox.Letter{To: to.Email, Subject: strings.TrimSpace(subject), Text: body, HTML: rich.String()}, nil
}
