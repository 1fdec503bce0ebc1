package web

import (
	"fmt"
	"log/slog"

	"github.com/go-chi/chi/v5"

	"catchment/web/api"
)

// OpenAPI returns the document of all operations as YAML. It needs no database.
func OpenAPI() ([]byte, error) {
	a := api.Frame(chi.NewRouter(), Prefix, nil, slog.New(slog.DiscardHandler))
	api.Operations(api.Rooms{})(a)
	text, err := a.OpenAPI().YAML()
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return text, nil
}
