package exchange_test

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"catchment/crm/exchange"
)

// benchRows writes customers with a site each; one in ten repeats one before under another spelling.
func benchRows(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 1<<20)
		fmt.Fprint(b, "Kundennummer;Firma;E-Mail;Telefon;PLZ;Ort;Straße;Hausnr;lon;lat;Branche\n")
		for i := range n {
			of, name := i, "Kunde"
			if i%10 == 9 {
				of, name = i-5, "KUNDE"
			}
			fmt.Fprintf(b, "%d;%s %d;k%d@example.org;+423 %07d;%d;Vaduz;Landstrasse;%d;%.5f;%.5f;Handwerk\n", 100000+of, name, of, of, of, 9480+of%20, of, 9.4+float64(of%1000)/5000, 47.05+float64(of%777)/4000)
		}
		b.Flush()
		w.Close()
	}()
	return r
}

// peak watches how much memory the process holds.
func peak(stop chan struct{}) *atomic.Uint64 {
	var most atomic.Uint64
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.Sys-m.HeapReleased))
		}
	}()
	return &most
}

// BenchmarkImport brings customers in through the whole way: read, match, add with sites, tell, keep for undoing. Run it
// with -benchtime=20000x: one row an operation.
func BenchmarkImport(b *testing.B) {
	f := newFirm(b)
	i, err := f.x.Announce(f.ctx, uuid.Nil, "bench.csv", "account")
	must(b, err)
	stop := make(chan struct{})
	defer close(stop)
	most := peak(stop)
	began := time.Now()
	lap := func(name string) {
		b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), name+"-rows/s")
		began = time.Now()
	}
	_, err = f.x.Receive(f.ctx, i.ID, benchRows(b.N))
	must(b, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(b, err)
	lap("read")
	_, err = f.x.Check(f.ctx, i.ID)
	must(b, err)
	_, err = f.x.Run(f.ctx, i.ID, nil)
	must(b, err)
	lap("check")
	b.ResetTimer()
	began = time.Now()
	_, err = f.x.Bring(f.ctx, i.ID)
	must(b, err)
	i, err = f.x.Run(f.ctx, i.ID, nil)
	must(b, err)
	b.StopTimer()
	lap("bring")
	if i.State != exchange.Done || i.Counts.Wrong > 0 || i.Counts.Done() != b.N {
		b.Fatalf("%s %s: %+v of %d", i.State, i.Error, i.Counts, b.N)
	}
	b.ReportMetric(float64(most.Load())/1e6, "peak-MB")
	b.Logf("%d rows of %s: %s", i.Rows, strconv.Itoa(int(i.Size)), fmt.Sprintf("%+v", i.Counts))
}
