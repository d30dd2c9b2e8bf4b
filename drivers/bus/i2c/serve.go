//go:build linux

package i2c

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

const (
	idle     = time.Second // a bus that nobody used for so long is closed
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second // between two tries to open

	retries    = 2 // of one transaction
	retryPause = time.Millisecond
	earned     = 10  // hundredths of a retry that a transaction earns
	maxSpare   = 500 // hundredths of a retry that can be saved
)

// serve speaks on the bus until Close. One goroutine does: transactions cannot mix,
// and the one that the kernel does not end blocks nobody but it.
func (b *Bus) serve() {
	defer close(b.ended)
	s := speaker{bus: b}
	defer s.shut()
	steady(s.loop)
}

// speaker is what the bus's goroutine alone knows.
type speaker struct {
	bus     *Bus
	conn    conn // nil while the bus is not open
	claimed [128]bool
	opened  bool // ever
	pause   time.Duration
	retry   time.Time // no try to open before this
	refused error     // why the last try failed
}

func (s *speaker) loop() {
	rest := time.NewTimer(idle)
	defer rest.Stop()
	for {
		select {
		case <-s.bus.quit:
			return
		case <-rest.C:
			s.shut()
		case j := <-s.bus.jobs:
			j.done <- s.carry(j)
			rest.Reset(idle)
		}
	}
}

func (s *speaker) shut() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing was left to write, and nothing depends on it
		s.conn = nil
	}
}

// carry carries one transaction out, with the retries that the budget allows.
func (s *speaker) carry(j *job) error {
	b := s.bus
	b.enter()
	defer b.leave()
	if err := s.use(j.addr); err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := s.conn.Tx(uint16(j.addr), j.w, j.r)
		if err == nil {
			b.carried()
			b.trace(j)
			return nil
		}
		f := judge(err)
		again := f.again && try < retries && b.afford()
		b.failed(f)
		switch {
		case f.gone:
			return s.lose(f.error(err))
		case !again:
			return f.error(err)
		}
		t := time.NewTimer(retryPause << try)
		select {
		case <-b.quit:
			t.Stop()
			return f.error(err)
		case <-t.C:
		}
	}
}

// use opens the bus if it is not open, and makes sure that the address is nobody
// else's.
func (s *speaker) use(addr uint8) error {
	b := s.bus
	if s.conn != nil && !b.machine.there(b.cfg.Path) {
		s.lose(drivers.ErrUnplugged) // so that the kernel can let it go
	}
	if s.conn == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if s.claimed[addr&0x7f] {
		return nil
	}
	if by := b.machine.taken(b.cfg.Path, addr); by != "" {
		return fmt.Errorf("%w: the kernel's driver %s has this address; read the part there, or unbind it", drivers.ErrBusy, by)
	}
	s.claimed[addr&0x7f] = true
	return nil
}

func (s *speaker) open() error {
	b, now := s.bus, time.Now()
	if wait := s.retry.Sub(now); wait > 0 {
		return fmt.Errorf("%w; next try in %v", s.refused, wait.Round(10*time.Millisecond))
	}
	c, err := b.machine.open(b.cfg.Path)
	if err != nil {
		s.pause = min(max(2*s.pause, minPause), maxPause)
		s.retry, s.refused = now.Add(s.pause), err
		b.absent(now, err)
		return err
	}
	back := s.opened && s.refused != nil
	s.conn, s.opened, s.pause, s.retry, s.refused = c, true, 0, time.Time{}, nil
	s.claimed = [128]bool{}
	b.present(back)
	return nil
}

// lose gives up a bus that is gone.
func (s *speaker) lose(err error) error {
	s.shut()
	s.refused = err
	s.bus.absent(time.Now(), err)
	return err
}

// fault is what a failed transaction means.
type fault struct {
	as    error  // the contract's error
	words string // for people
	again bool   // it may be sent again
	gone  bool   // the bus is
	count func(*Health)
}

// The words for people name what to look at first.
const (
	noAckWords = "nobody acknowledges; check power, wiring and address (i2cdetect shows who answers)"
	stuckWords = "the bus is stuck; is SDA or SCL held low, or a pull-up missing?"
	talkWords  = "another master talks, or SDA is disturbed"
	cutWords   = "a signal to this program cut the transfer short each time; the wiring is not to blame, and the next sample tries again"
	plainWords = "the adapter speaks SMBus only and cannot carry plain I2C transfers; use another one"
)
