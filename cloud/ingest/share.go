package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// probeTime is how long a broker may take to deliver the probe.
const probeTime = 2 * time.Second

// probe makes sure that shared subscriptions work, as soon as the broker can be
// reached: NATS and RabbitMQ grant them and deliver nothing.
func (in *Ingest) probe(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := in.tryShare(ctx)
		if err == nil || errors.Is(err, ErrShare) {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		in.o.Log.Warn("shared subscriptions could not be tried yet", "error", err)
		if !errors.Is(err, errUnreachable) && !pause(ctx, tries, maxPause) {
			return nil
		}
	}
}

func (in *Ingest) tryShare(ctx context.Context) error {
	came := make(chan struct{}, 1)
	c, lost, err := in.connect(ctx, "probe", func(_ paho.Client, m paho.Message) {
		m.Ack()
		select {
		case came <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer c.Disconnect(farewell)
	topic := in.o.Prefix + "/probe/" + in.id
	if err := subscribe(ctx, c, "$share/probe-"+in.id+"/"+topic, 1); err != nil {
		return fmt.Errorf("%w: %w", ErrShare, err)
	}
	if err := wait(ctx, c.Publish(topic, 1, false, "?"), "PUBLISH"); err != nil {
		return err
	}
	timer := time.NewTimer(probeTime)
	defer timer.Stop()
	select {
	case <-came:
		return nil
	case err := <-lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("%w: nothing came within %s; use one aggregator (share: false) or another broker", ErrShare, probeTime)
	}
}
