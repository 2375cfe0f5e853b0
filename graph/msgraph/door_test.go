package msgraph

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A lingering connection has sent what is large before it says so.
type lingering struct {
	net.Conn
	until <-chan struct{}
}

const large = 4 << 10

func (l lingering) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	if len(b) > large {
		<-l.until
	}
	return n, err
}

// TestARequestHasLeftBeforeItsWriterIsBack: the other side reads it and who asked
// gives up, while the one who wrote it has not been heard of since.
func TestARequestHasLeftBeforeItsWriterIsBack(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	back := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		giveUp()
		<-r.Context().Done()
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	d := &door{hosts: []string{strings.TrimPrefix(srv.URL, "https://")}, now: time.Now, next: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return lingering{conn, back}, err
		},
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Large", strings.Repeat("~", 2*large))
	_, err = d.RoundTrip(r)
	close(back)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if errors.As(err, new(*unsent)) {
		t.Error("what arrived counts as never sent")
	}
}
