//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// figures are what one candidate took in one round.
type figures struct {
	cpu       float64 // share of one core
	user, sys float64
	perWord   time.Duration // CPU for one register
	rss, most int64
	arrived   float64 // readings a second that reached the stand-in, or answers published
	backfill  float64 // of them, as history
	bytes     float64 // MQTT payload a second
	alerts    int
}

// rig is what stands around those that are measured.
type rig struct {
	o      options
	dir    string
	self   string
	broker string
	parts  []*process
	cloud  *process
}

func bench(ctx context.Context, o options) (err error) {
	r := &rig{o: o}
	if r.self, err = os.Executable(); err != nil {
		return err
	}
	if r.dir, err = os.MkdirTemp(o.dir, "tcpbench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.dir) }()
	defer r.stop()
	if err := r.start(ctx); err != nil {
		return err
	}
	r.conditions()
	for _, devices := range o.devices {
		bare, whole, err := r.compare(ctx, devices)
		if err != nil {
			return err
		}
		report(int(float64(devices*registers)/o.every.Seconds()), bare, whole)
	}
	return nil
}

// start brings the broker and the aggregator's stand-in up.
func (r *rig) start(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	r.broker = "127.0.0.1:" + strconv.Itoa(port)
	conf := filepath.Join(r.dir, "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nmax_inflight_messages 1000\nmax_queued_messages 100000\nlog_type error\nlog_dest stderr\n", port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	mosquitto, err := start("mosquitto", "mosquitto", nil, "-c", conf)
	if err != nil {
		return fmt.Errorf("%w (Debian's package mosquitto)", err)
	}
	r.parts = append(r.parts, mosquitto)
	if err := mosquitto.wait(ctx, time.Second); err != nil {
		return err
	}
	if r.cloud, err = start("stand-in", r.self, nil, "cloud", r.broker); err != nil {
		return err
	}
	r.parts = append(r.parts, r.cloud)
	_, err = r.cloud.await(ctx, "listening")
	return err
}

func (r *rig) stop() {
	for _, p := range slices.Backward(r.parts) {
		p.stop()
	}
}

// compare lets both take turns on the same devices.
func (r *rig) compare(ctx context.Context, devices int) (bare, whole []figures, err error) {
	slaves, err := start("slaves", r.self, nil, "slaves", strconv.Itoa(devices))
	if err != nil {
		return nil, nil, err
	}
	defer slaves.stop()
	line, err := slaves.await(ctx, "ports")
	if err != nil {
		return nil, nil, err
	}
	ports := strings.Split(line, ",")
	for round := range r.o.rounds {
		for turn := range 2 {
			var f figures
			if (round+turn)%2 == 0 {
				f, err = r.yardstick(ctx, ports)
				bare = append(bare, f)
			} else {
				f, err = r.gateway(ctx, ports)
				whole = append(whole, f)
			}
			if err != nil {
				return nil, nil, err
			}
		}
		fmt.Fprintf(os.Stderr, "%d devices, round %d: yardstick %.2f %%, gateway %.2f %%\n", devices, round+1, 100*bare[round].cpu, 100*whole[round].cpu)
	}
	return bare, whole, nil
}

func (r *rig) yardstick(ctx context.Context, ports []string) (figures, error) {
	_, port, _ := strings.Cut(r.broker, ":")
	args := append([]string{"yardstick", port, strconv.Itoa(r.o.qos), strconv.Itoa(int(r.o.every)), strconv.Itoa(r.o.carried())}, ports...)
	p, err := start("yardstick", r.self, []string{"GOMAXPROCS=1"}, args...)
	if err != nil {
		return figures{}, err
	}
	defer p.stop()
	if _, err := p.await(ctx, "polling"); err != nil {
		return figures{}, err
	}
	return r.measure(ctx, p, len(ports))
}

func (r *rig) gateway(ctx context.Context, ports []string) (figures, error) {
	dir, err := os.MkdirTemp(r.dir, "gateway-")
	if err != nil {
		return figures{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file, err := configure(dir, r.broker, r.o.every, ports)
	if err != nil {
		return figures{}, err
	}
	program, args := r.self, []string{"gateway", "run", "--config", file}
	if r.o.program != "" {
		program, args = r.o.program, args[1:]
	}
	p, err := start("gateway", program, r.o.env, args...)
	if err != nil {
		return figures{}, err
	}
	defer p.stop()
	if _, err := p.await(ctx, "gateway "+gatewayID); err != nil {
		return figures{}, err
	}
	f, err := r.measure(ctx, p, len(ports))
	if said := p.tail(); said != "" && r.o.verbose {
		fmt.Fprintln(os.Stderr, said)
	}
	return f, err
}

// measure lets p warm up, and then takes what it uses and what arrives.
func (r *rig) measure(ctx context.Context, p *process, devices int) (figures, error) {
	if err := p.wait(ctx, r.o.warm); err != nil {
		return figures{}, err
	}
	n, u, err := r.look(ctx, p)
	if err != nil {
		return figures{}, err
	}
	if err := p.wait(ctx, r.o.measure); err != nil {
		return figures{}, err
	}
	m, v, err := r.look(ctx, p)
	if err != nil {
		return figures{}, err
	}
	took := v.at.Sub(u.at)
	share := func(d time.Duration) float64 { return d.Seconds() / took.Seconds() }
	f := figures{cpu: share(v.cpu - u.cpu), user: share(v.user - u.user), sys: share(v.sys - u.sys), rss: v.rss, most: v.most,
		bytes: float64(m.Bytes-n.Bytes) / took.Seconds(), alerts: m.Alerts - n.Alerts,
		backfill: float64(m.Backfill-n.Backfill) / took.Seconds()}
	f.arrived = f.backfill + float64(m.Live-n.Live+(m.Bare-n.Bare)*registers)/took.Seconds()
	wanted := float64(devices*registers) / r.o.every.Seconds()
	f.perWord = time.Duration(f.cpu * float64(time.Second) / wanted)
	// All devices are asked at once, so that a second's worth more or less may be caught.
	if f.arrived < wanted*(0.99-share(r.o.every)) {
		err = fmt.Errorf("%s: only %.0f of %.0f registers a second arrived (%.0f of them as history); the machine is too slow or too busy for this\n%s", p.name, f.arrived, wanted, f.backfill, p.tail())
	}
	return f, err
}

// look takes both counts at one moment.
func (r *rig) look(ctx context.Context, p *process) (n counts, u usage, err error) {
	if _, err := fmt.Fprintln(r.cloud.in, "counts"); err != nil {
		return n, u, err
	}
	line, err := r.cloud.await(ctx, "counts ")
	if err != nil {
		return n, u, err
	}
	if _, err := fmt.Sscan(line, &n.Live, &n.Backfill, &n.Bytes, &n.Alerts, &n.Events, &n.States, &n.Bare); err != nil {
		return n, u, err
	}
	u, err = p.usage()
	return n, u, err
}

func (r *rig) conditions() {
	load, _ := os.ReadFile("/proc/loadavg")
	version, _ := exec.Command("mosquitto", "-h").Output() // its exit code is not 0
	first, _, _ := strings.Cut(string(version), "\n")
	fmt.Printf("%d cores, %s, %s; load before: %s\nyardstick QoS %d, carries %s; %d rounds, %v each after %v; %s\n\n", runtime.NumCPU(), runtime.Version(), first,
		strings.TrimSpace(string(load)), r.o.qos, r.o.carry, r.o.rounds, r.o.measure, r.o.warm, "medians; the range behind ±")
}

func report(rate int, bare, whole []figures) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d registers/s\tCPU\tuser\tsys\tµs/register\tRSS MB\tmost MB\treadings/s\tas history\tpayload kB/s\t\n", rate)
	row := func(name string, fs []figures) {
		get := func(of func(figures) float64) float64 { return median(fs, of) }
		fmt.Fprintf(w, "%s\t%.2f %% ± %.2f\t%.2f\t%.2f\t%.3f\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f\t\n", name, 100*get(cpu), 50*spread(fs, cpu),
			100*get(func(f figures) float64 { return f.user }), 100*get(func(f figures) float64 { return f.sys }),
			get(func(f figures) float64 { return float64(f.perWord) / 1000 }), get(func(f figures) float64 { return float64(f.rss) / 1e6 }),
			get(func(f figures) float64 { return float64(f.most) / 1e6 }), get(func(f figures) float64 { return f.arrived }),
			get(func(f figures) float64 { return f.backfill }), get(func(f figures) float64 { return f.bytes / 1000 }))
	}
	row("yardstick", bare)
	row("gateway", whole)
	_ = w.Flush() // to standard output
	ratios := make([]figures, len(bare))
	for i := range bare {
		ratios[i].cpu = whole[i].cpu / bare[i].cpu
	}
	fmt.Printf("ratio of the medians %.2f; of the rounds %.2f ± %.2f\n\n", median(whole, cpu)/median(bare, cpu), median(ratios, cpu), spread(ratios, cpu)/2)
}

func cpu(f figures) float64 { return f.cpu }

func median(fs []figures, of func(figures) float64) float64 {
	v := sorted(fs, of)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func spread(fs []figures, of func(figures) float64) float64 {
	v := sorted(fs, of)
	return v[len(v)-1] - v[0]
}

func sorted(fs []figures, of func(figures) float64) []float64 {
	var v []float64
	for _, f := range fs {
		v = append(v, of(f))
	}
	slices.Sort(v)
	return v
}
