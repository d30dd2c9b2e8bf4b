// Package api is the aggregator's HTTP interface: JSON documents under /api/v1,
// the live stream, /healthz and /metrics, and the console's files at the root.
//
// Promised and kept stable: the routes and documents that openapi.json describes;
// fields are only added. Times are Unix milliseconds. Errors are
// {"error":{"id","text":{"zh","en"},"field"}}; an id never changes its meaning.
//
// Behind a Door only those with an account come in, see what lies in their areas, and do
// what their roles allow. Without one everything may be read, and what can be written is
// open to whoever reaches this machine: acknowledgements and requests to gateways, which
// record the name that is given, and the areas, departments, routes and rosters. So
// the handler answers only requests that name this machine (unless Options.AnyHost
// is set), takes writes only from its own pages or from programs, sends no CORS
// header, and lets no page load anything from elsewhere.
package api
