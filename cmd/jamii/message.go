package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/jamii-health/jamii/internal/store"
)

// messageCommand looks after outgoing messages, beside a running server.
type messageCommand struct {
	List   messageList   `cmd:"" help:"List messages, newest first."`
	Rerun  messageRerun  `cmd:"" help:"Send messages again: one, or all that failed alike."`
	Cancel messageCancel `cmd:"" help:"Stop messages that are not delivered."`
}

// messageFlags select messages.
type messageFlags struct {
	databaseFlag
	ID     string `help:"One message." placeholder:"ID"`
	Target string `help:"Messages to one receiver." placeholder:"NAME"`
	State  string `help:"Messages in a state." enum:",waiting,done,failed,cancelled" default:"" placeholder:"waiting|done|failed|cancelled"`
	Error  string `help:"Messages that failed alike: the error as the list shows it." placeholder:"NAME"`
}

func (f messageFlags) filter() store.MessageFilter {
	return store.MessageFilter{ID: f.ID, Target: f.Target, State: store.MessageState(f.State), Error: f.Error}
}

// named tells whether anything selects: changing all messages must be asked
// for.
func (f messageFlags) named() error {
	if f.filter() == (store.MessageFilter{}) {
		return errors.New("say which messages: --id, --target, --state or --error")
	}
	return nil
}

// with opens the database for the time of do.
func (f messageFlags) with(ctx context.Context, s streams, do func(store.Store) error) error {
	db, err := f.open(ctx, newLog(s.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

type messageList struct {
	messageFlags
	Limit int `help:"How many at most." default:"50" placeholder:"N"`
}

// Run lists the messages.
func (l messageList) Run(ctx context.Context, s streams) error {
	return l.with(ctx, s, func(db store.Store) error {
		filter := l.filter()
		filter.Limit = l.Limit
		list, err := db.Messages(ctx, filter)
		if err != nil {
			return err
		}
		return listMessages(s.out, list)
	})
}

func listMessages(out io.Writer, list []store.Message) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTARGET\tSTATE\tATTEMPTS\tSTATUS\tERROR\tABOUT\tNEXT")
	for _, m := range list {
		next := ""
		if m.State == store.MessageWaiting {
			next = m.NextAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", m.ID, m.Target, m.State, m.Attempts, m.Status, m.Error, m.Ref, next)
	}
	return w.Flush()
}

type messageRerun struct{ messageFlags }

// Run makes messages due at once. They keep their ids.
func (r messageRerun) Run(ctx context.Context, s streams) error {
	if err := r.named(); err != nil {
		return err
	}
	return r.with(ctx, s, func(db store.Store) error {
		n, err := db.Rerun(ctx, r.filter(), time.Now())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%d messages will be sent again.\n", n)
		return err
	})
}

type messageCancel struct{ messageFlags }

// Run cancels messages.
func (c messageCancel) Run(ctx context.Context, s streams) error {
	if err := c.named(); err != nil {
		return err
	}
	return c.with(ctx, s, func(db store.Store) error {
		n, err := db.Cancel(ctx, c.filter())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%d messages were cancelled.\n", n)
		return err
	})
}
