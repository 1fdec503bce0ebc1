package outbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

const secretPrefix = "whsec_"

// Sign returns the headers of a webhook by the Standard Webhooks scheme (version 1): the id, the second it was sent in
// and, for each secret, v1 and the base64 of HMAC-SHA256 over "id.timestamp.body", keyed by the decoded secret.
func Sign(id string, at time.Time, body []byte, secrets ...string) map[string]string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if err != nil {
			continue // our own secrets are base64
		}
		sum := hmac.New(sha256.New, key)
		sum.Write([]byte(id + "." + timestamp + "."))
		sum.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(sum.Sum(nil)))
	}
	return map[string]string{"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": strings.Join(signatures, " ")}
}
