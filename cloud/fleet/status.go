package fleet

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	// settle is how long an older journal may still be heard after a newer one began
	// to speak: messages of the last second before a restart, overtaken by the first
	// ones after it.
	settle = 5 * time.Second
	// linger is how long a conflict stays visible after it was last observed.
	linger = 10 * time.Minute
	// straggle is how long after its last will a gateway's live packs may still
	// arrive without meaning that it is back.
	straggle = 10 * time.Second
	// recent is how long a rejected message stays in the gateway's health.
	recent = time.Hour
)

// speaker is a journal that was heard live.
type speaker struct {
	epoch       wire.Epoch
	first, last int64
}

// rejection counts messages that could not be used.
type rejection struct {
	n    uint64
	last int64
	why  string
}

// Online takes a gateway's announcement or last will, which arrived at the given
// time; the zero time: it is a retained one.
func (r *Registry) Online(id string, o wire.Online, at time.Time) error {
	g, err := r.entry(id, at)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	if o.Conn < g.conn || o.Conn == g.conn && g.conn > 0 && o.Online && !g.online {
		return nil // overtaken: a connection's last word is that it ended
	}
	g.conn = o.Conn
	if at.IsZero() {
		at = time.Now()
	}
	r.setOnline(g, o.Online, at.UnixMilli())
	return nil
}

// setOnline notes a change; g.mu is held.
func (r *Registry) setOnline(g *gateway, online bool, now int64) {
	if g.online == online {
		return
	}
	g.online, g.since, g.announce, g.unsaved = online, now, true, true
	g.turned(now, online)
	r.touch(g)
}

// State takes what a gateway says about itself, which arrived at the given time;
// the zero time: it is a retained one.
func (r *Registry) State(id string, s wire.State, at time.Time) error {
	g, err := r.entry(id, at)
	if err != nil {
		return err
	}
	defer g.mu.Unlock()
	if !at.IsZero() {
		g.hear(s.Epoch, at.UnixMilli())
	}
	if g.stated && older(s, g.state) {
		return nil
	}
	g.state, g.stated, g.announce, g.unsaved = s, true, true, true
	g.every = make(map[string]int64, len(s.Devices))
	for _, d := range s.Devices {
		g.every[d.ID] = d.EveryMS
	}
	g.forget()
	r.touch(g)
	return nil
}

// older says whether a was made before b, as far as that can be told: within one
// journal by boot time, else by the journal's counter.
func older(a, b wire.State) bool {
	if a.Epoch == b.Epoch {
		return a.At.BootMS < b.At.BootMS
	}
	return a.Epoch.Counter() < b.Epoch.Counter()
}

// forget drops the values of devices that the configuration no longer has; g.mu
// is held.
func (g *gateway) forget() {
	if len(g.every) == 0 {
		return
	}
	for s := range g.values {
		if _, has := g.every[s.Device]; !has && s.Device != wire.HeartbeatStream.Device {
			delete(g.values, s)
		}
	}
}

// hear notes that a journal spoke live, and notices when two do; g.mu is held.
func (g *gateway) hear(e wire.Epoch, now int64) {
	if e == "" {
		return
	}
	me := -1
	for i := range g.speakers {
		if g.speakers[i].epoch == e {
			me = i
		}
	}
	if me < 0 {
		if len(g.speakers) == 4 { // the journals of one gateway's last restarts are enough
			g.speakers = append(g.speakers[:0], g.speakers[1:]...)
		}
		g.speakers = append(g.speakers, speaker{epoch: e, first: now, last: now})
		return
	}
	g.speakers[me].last = now
	for _, newer := range g.speakers[me+1:] {
		if now-newer.first >= settle.Milliseconds() && now-newer.last < linger.Milliseconds() {
			if now >= g.conflict {
				g.announce = true
			}
			g.conflict = now + linger.Milliseconds()
		}
	}
}

// Rejected notes that a message of this gateway could not be used, and why.
func (r *Registry) Rejected(id, why string, at time.Time) {
	if obs.CheckID(id) != nil {
		return
	}
	// A gateway that only ever sends rubbish is not registered by it.
	g := r.get(id)
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := at.UnixMilli()
	if now-g.rejected.last > recent.Milliseconds() {
		g.rejected.n, g.announce = 0, true
		r.touch(g)
	}
	g.rejected = rejection{n: g.rejected.n + 1, last: now, why: why}
}

// findings are the fleet's own health entries about a gateway; g.mu is held.
func (g *gateway) findings(now int64) []wire.Health {
	var out []wire.Health
	if now < g.conflict {
		out = append(out, wire.Health{ID: "clone", Level: "fail", About: g.id, Text: map[string]string{
			"zh": "有两台网关同时使用编号 " + g.id + "，很可能是存储卡被复制。两者的数据都已保存；请给其中一台改编号并清空其日志目录。",
			"en": "Two gateways speak under the id " + g.id + " at the same time, most likely a copied card. The data of both is kept; give one of them another id and an empty journal directory.",
		}})
	}
	if n := g.rejected.n; n > 0 && now-g.rejected.last < recent.Milliseconds() {
		out = append(out, wire.Health{ID: "rejected-messages", Level: "warn", About: g.id, Text: map[string]string{
			"zh": fmt.Sprintf("平台近一小时内有 %d 条来自该网关的消息无法使用，已连同原因留存。最近一条：%s", n, g.rejected.why),
			"en": fmt.Sprintf("In the last hour %d messages from this gateway could not be used; they are kept with the reason. The latest: %s", n, g.rejected.why),
		}})
	}
	return out
}

// sweep marks gateways that have gone quiet, and ends conflicts that are over.
func (r *Registry) sweep(now int64) {
	for _, g := range r.all() {
		g.mu.Lock()
		// What was said while no aggregator ran was not heard: hence began.
		if end := max(g.lastSeen, r.began) + Quiet.Milliseconds(); g.online && now > end {
			r.setOnline(g, false, end)
		}
		if g.conflict != 0 && now >= g.conflict {
			g.conflict, g.announce = 0, true
			r.touch(g)
		}
		g.mu.Unlock()
	}
}
