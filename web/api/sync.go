package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"catchment/crm"
	"catchment/crm/work"
)

// Device is a phone or browser that keeps a queue of commands.
type Device struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	LastSeq    int64     `json:"last_seq" doc:"The last command decided; the next is one more"`
	ServerTime time.Time `json:"server_time" doc:"For the offset of the device's clock"`
}

// NewDevice is a device to make known.
type NewDevice struct {
	ID   uuid.UUID `json:"id" format:"uuid" doc:"Made by the device, once"`
	Name string    `json:"name" maxLength:"200" example:"Pixel 9"`
}

// QueuedCommand is one act in the queue of a device.
type QueuedCommand struct {
	ID          uuid.UUID       `json:"id" format:"uuid"`
	Seq         int64           `json:"seq" minimum:"1" maximum:"9007199254740991" doc:"Position in the device's queue, from 1 without a gap" example:"17"`
	Kind        string          `json:"kind" maxLength:"40" example:"complete"`
	VisitID     uuid.UUID       `json:"visit_id" format:"uuid"`
	BaseVersion int             `json:"base_version,omitempty" minimum:"0" maximum:"2147483647"`
	DeviceTime  *time.Time      `json:"device_time,omitempty" doc:"By the device's clock"`
	Zone        string          `json:"tz,omitempty" maxLength:"64" doc:"The device's time zone" example:"Europe/Vaduz"`
	Payload     json.RawMessage `json:"payload,omitempty" doc:"What the kind needs"`
}

// Batch is what a device has queued.
type Batch struct {
	DeviceID uuid.UUID       `json:"device_id" format:"uuid"`
	Commands []QueuedCommand `json:"commands" maxItems:"500" nullable:"false"`
}

// Verdicts answer a batch.
type Verdicts struct {
	Verdicts   []Verdict `json:"verdicts" nullable:"false" doc:"One for each command, in their order"`
	ServerTime time.Time `json:"server_time"`
}

func syncOperations(a *API, rooms Rooms) {
	room := rooms.Work
	Register(a, Operation{ID: "registerDevice", Method: http.MethodPost, Path: "/devices", Tag: "sync", Summary: "Make a device known",
		About: "A device known already answers where its queue stands."},
		crm.VisitWork, func(ctx context.Context, in *struct{ Body NewDevice }) (*struct{ Body Device }, error) {
			device, err := room.RegisterDevice(ctx, in.Body.ID, in.Body.Name)
			if err != nil {
				return nil, err
			}
			return &struct{ Body Device }{Device{device.ID, device.LastSeq, rooms.Store.Now().UTC()}}, nil
		})
	Register(a, Operation{ID: "revokeDevice", Method: http.MethodDelete, Path: "/devices/{id}", Tag: "sync", Summary: "Shut a device out", Status: http.StatusNoContent},
		crm.StaffWrite, func(ctx context.Context, in *ID) (*Nothing, error) {
			return nil, room.RevokeDevice(ctx, in.ID)
		})
	Register(a, Operation{ID: "sync", Method: http.MethodPost, Path: "/sync", Tag: "sync", Summary: "Send what a device has queued",
		About:   "Commands are decided in the order of their numbers, each on its own. 200 with a verdict for each; other answers are about the batch as a whole, which may be sent again.",
		MaxBody: 8 << 20},
		crm.VisitWork, func(ctx context.Context, in *struct{ Body Batch }) (*struct{ Body Verdicts }, error) {
			commands := make([]work.Command, 0, len(in.Body.Commands))
			for _, q := range in.Body.Commands {
				c := work.Command{ID: q.ID, Seq: q.Seq, Kind: q.Kind, Visit: q.VisitID, BaseVersion: q.BaseVersion, Payload: q.Payload}
				if q.DeviceTime != nil {
					c.DeviceTime = *q.DeviceTime
				}
				commands = append(commands, c)
			}
			verdicts, err := room.Sync(ctx, in.Body.DeviceID, commands)
			if err != nil {
				return nil, err
			}
			out := Verdicts{Verdicts: make([]Verdict, 0, len(verdicts)), ServerTime: rooms.Store.Now().UTC()}
			for _, v := range verdicts {
				out.Verdicts = append(out.Verdicts, verdictOut(v))
			}
			return &struct{ Body Verdicts }{out}, nil
		})
}
