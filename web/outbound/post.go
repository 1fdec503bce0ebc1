package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Post sends a body by POST with the headers and returns the status of the answer. It follows no redirect: what is
// signed for one address is not for another.
func Post(policy Policy) func(ctx context.Context, address string, headers map[string]string, body []byte) (int, error) {
	client := New(policy)
	client.CheckRedirect = stay
	return func(ctx context.Context, address string, headers map[string]string, body []byte) (int, error) {
		return post(ctx, client, address, headers, body)
	}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func post(ctx context.Context, client *http.Client, address string, headers map[string]string, body []byte) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the address is not valid")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		var known *url.Error
		if errors.As(err, &known) { // without the address: its query may hold a key
			err = known.Err
		}
		return 0, fmt.Errorf("call: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // what it says beside its status is not looked at
	return response.StatusCode, nil
}
