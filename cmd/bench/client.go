package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// client is one kept-alive connection to a server on this machine. It writes
// requests and reads answers itself, since http.Client takes as much CPU as
// the server it would measure.
type client struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	out     []byte
	body    []byte
}

// answerTime bounds a request.
const answerTime = 30 * time.Second

// do sends a request and returns the status and the body, which is good until
// the next call.
func (c *client) do(method, path string, body []byte) (int, []byte, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.address, 5*time.Second)
		if err != nil {
			return 0, nil, fmt.Errorf("connecting: %w", err)
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 16<<10)
	}
	code, answer, err := c.exchange(method, path, body)
	if err != nil {
		c.close()
		return 0, nil, fmt.Errorf("%s: %w", method, err)
	}
	return code, answer, nil
}

func (c *client) exchange(method, path string, body []byte) (int, []byte, error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return 0, nil, err
	}
	c.out = append(c.out[:0], method...)
	c.out = append(append(c.out, ' '), path...)
	c.out = append(append(c.out, " HTTP/1.1\r\nHost: "...), c.address...)
	if body != nil {
		c.out = append(c.out, "\r\nContent-Type: application/fhir+json\r\nContent-Length: "...)
		c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	}
	c.out = append(append(c.out, "\r\n\r\n"...), body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, nil, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	c.body = c.body[:0]
	for {
		if len(c.body) == cap(c.body) {
			c.body = append(c.body, 0)[:len(c.body)]
		}
		n, err := res.Body.Read(c.body[len(c.body):cap(c.body)])
		c.body = c.body[:len(c.body)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, nil, err
		}
	}
	if res.Close {
		c.close()
	}
	return res.StatusCode, c.body, nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // the other side sees the end either way
	}
	c.conn = nil
}

// want is do, and an error unless the status is the wanted one.
func (c *client) want(code int, method, path string, body []byte) ([]byte, error) {
	got, answer, err := c.do(method, path, body)
	if err != nil {
		return nil, err
	}
	if got != code {
		return nil, fmt.Errorf("%s answered %d, want %d: %.300s", method, got, code, answer)
	}
	return answer, nil
}

// clients makes n of them.
func clients(address string, n int) []*client {
	out := make([]*client, n)
	for i := range out {
		out[i] = &client{address: address}
	}
	return out
}

func closeAll(list []*client) {
	for _, c := range list {
		c.close()
	}
}
