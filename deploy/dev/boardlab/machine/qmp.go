package machine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"sync"
)

// qmp is QEMU's control socket: one JSON document a line each way (QEMU documentation,
// "QEMU Machine Protocol").
type qmp struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Scanner
}

// newQMP takes a connection of QEMU's over.
func newQMP(conn net.Conn) (*qmp, error) {
	q := &qmp{conn: conn, in: bufio.NewScanner(conn)}
	if err := q.run("qmp_capabilities", nil); err != nil {
		conn.Close()
		return nil, err
	}
	return q, nil
}

// run carries out a command. Events and the greeting that come before its answer are
// passed over.
func (q *qmp) run(command string, arguments map[string]any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, err := json.Marshal(map[string]any{"execute": command, "arguments": arguments})
	if err != nil {
		return err
	}
	if arguments == nil {
		b = fmt.Appendf(nil, `{"execute":%q}`, command)
	}
	if _, err := q.conn.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("QEMU: %s: %w", command, err)
	}
	for q.in.Scan() {
		var a struct {
			Return json.RawMessage
			Error  *struct{ Class, Desc string }
		}
		if err := json.Unmarshal(q.in.Bytes(), &a); err != nil {
			return fmt.Errorf("QEMU: %s: %w", command, err)
		}
		switch {
		case a.Error != nil:
			return fmt.Errorf("QEMU: %s: %s", command, a.Error.Desc)
		case a.Return != nil:
			return nil
		}
	}
	return fmt.Errorf("QEMU: %s: no answer: %v", command, q.in.Err())
}

func (q *qmp) close() { q.conn.Close() }
