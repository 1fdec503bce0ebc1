package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// say prints one line for the person at the terminal.
func say(format string, args ...any) { screen.line(fmt.Sprintf(format, args...)) }

var screen = &terminal{out: os.Stdout, live: isTerminal(os.Stdout)}

// terminal shows lines and, below them, how far the work under way is: redrawn in place on a terminal, and only
// now and then in a file.
type terminal struct {
	mu    sync.Mutex
	out   io.Writer
	live  bool
	drawn bool
	last  time.Time
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (t *terminal) line(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	fmt.Fprintln(t.out, text)
}

func (t *terminal) clear() {
	if t.drawn {
		fmt.Fprint(t.out, "\r\x1b[K")
		t.drawn = false
	}
}

// progress shows how far a task is; done is a share from 0 to 1, or negative if unknown.
func (t *terminal) progress(task string, done float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pause := 100 * time.Millisecond
	if !t.live {
		pause = 2 * time.Second
	}
	if time.Since(t.last) < pause {
		return
	}
	t.last = time.Now()
	text := "  " + task + " …"
	if done >= 0 {
		const width = 24
		full := int(min(done, 1) * width)
		text = fmt.Sprintf("  %-28s %s%s %3.0f %%", task, strings.Repeat("█", full), strings.Repeat("·", width-full), min(done, 1)*100)
	}
	if !t.live {
		fmt.Fprintln(t.out, text)
		return
	}
	fmt.Fprint(t.out, "\r\x1b[K"+text)
	t.drawn = true
}

// step runs a task, showing that it runs and how long it took if that was noticeable.
func step(task string, run func(progress func(done float64)) error) error {
	began := time.Now()
	stop := make(chan struct{})
	var share = -1.0
	var mu sync.Mutex
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				mu.Lock()
				done := share
				mu.Unlock()
				if time.Since(began) > time.Second {
					screen.progress(task, done)
				}
			}
		}
	}()
	err := run(func(done float64) {
		mu.Lock()
		share = done
		mu.Unlock()
	})
	close(stop)
	if err != nil {
		return err
	}
	if took := time.Since(began); took > 200*time.Millisecond {
		say("✓ %-28s %5.1f s", task, took.Seconds())
	}
	return nil
}
