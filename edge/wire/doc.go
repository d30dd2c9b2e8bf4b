// Package wire is the contract between a gateway and the cloud: topics, packs of
// readings, and the JSON documents beside them. It does no I/O. What it promises:
// every decoder takes hostile bytes, checks all it returns, is bounded before and
// after expansion, and says in one line which record and field is wrong; what a
// decoder took can be encoded again and decodes to the same.
//
// # Topics
//
// All topics stand below a configurable prefix ([DefaultPrefix]), then comes the
// gateway's id. Ids are [a-z0-9][a-z0-9-]{0,47}. Everything is QoS 1. [Topic]
// builds and parses, [Kind.Up] says who may write.
//
//	{gw}/live, {gw}/backfill   up    packs of readings                      [Packer], [Unpacker]
//	{gw}/alert                 up    one revision of one alert              [Alert]
//	{gw}/event                 up    one event                              [Event]
//	{gw}/image/{id}/{n}        up    piece n of a picture                   [EncodeImage], [DecodeImage]
//	{gw}/online                up    retained, last will                    [Online]
//	{gw}/state                 up    retained                               [State]
//	{gw}/ack                   down  what a store has                       [Ack]
//	{gw}/command/{id}          down  never retained                         [Command]
//	{gw}/reply/{id}            up    never retained                         [Reply]
//	{gw}/config/desired        down  retained, reserved
//	{gw}/config/reported       up    retained, reserved
//
// # Sequence and acknowledgement
//
// Each record of the gateway's journal has a sequence number, from 1, within an
// [Epoch]. A pack says which records it holds, as ranges; how records are packed
// may differ each time they are sent. A [Range] is written "184202-184204", both
// ends included, as text: numbers above 2^53 do not survive most JSON readers.
//
// An aggregator publishes an [Ack] when its store has the records for good: exact
// ranges of one epoch, never a highest number, within 200 ms, again for what comes
// again. It answers events through the same ranges and alerts by id and revision.
// A range in Refused with Retry comes again later; without, it is parked at the
// aggregator and never comes again. A picture in Images need not come again: it is
// stored, or parked. Time is the aggregator's clock when it
// publishes; Echo names the newest live pack, with or without boot id, that it
// answers ([Pack.Echo]), so that the gateway knows the round trip. An Ack with
// only Store and Time is a greeting: an aggregator that starts sends one to each
// gateway it sees online, and a gateway whose records were waiting then sends one
// pack at once instead of at the end of its pause.
//
//	{"v":1,"store":"st-7f3a","epoch":"17-9f3ac2d1b07e","stored":["184202-184204"],
//	 "time":1795291200612,"echo":"17-9f3ac2d1b07e/184202-184204","credit":{"window":2000,"backfill":5000}}
//
// # Packs
//
// A pack is SenML (RFC 8428) in JSON, so that any SenML consumer and any person
// with an MQTT client can read it, or the same in one or more zstd frames, told by
// the magic bytes. A frame may use one of the dictionaries shipped with this package,
// named in it by its id and kept for ever, if every acknowledger heard on the present
// connection lists it in Ack.Dictionaries: [ChooseDictionary]. (By hand:
// zstd -d -D dictionary/40101.zdict.) One record is named "pack" and carries, as text,
// epoch/ranges/lane/version. The others are readings:
//
//	[{"bver":26,"bn":"hz-gongshu-bridge-07/","bt":1795291200,"n":"pack","vs":"17-9f3ac2d1b07e/184202-184204/live/1"},
//	{"n":"river/level","u":"m","v":2.71,"t":0.4},
//	{"n":"air/pm2_5","u":"ug/m3","v":187,"t":1.2,"qc":3,"why":"rate"},
//	{"n":"air/rh","u":"%RH","v":61.4,"t":1.2},
//	{"n":"well/level","vs":"no-echo","t":2,"qc":9},
//	{"n":"sky/fault","vs":"timeout","t":1}]
//
// What the fields say:
//
//   - n is device/channel below the base name, which is the gateway of the topic. A
//     stream with more than two readings in the pack names itself once, as base name
//     with a base unit; its further records are {"v":2.72,"t":5.4}. That halves a
//     pack of 500 and is what SenML's base fields are for.
//   - bt + t is Unix time in seconds, in whole milliseconds.
//   - v is the shortest decimal that reads back as the same number, in unit u: the
//     registered SenML unit, else UCUM. bver is 26 if a secondary unit (RFC 8798)
//     occurs, else absent, which means 10.
//   - qc is the QARTOD flag, absent for 1 (pass); 2 not evaluated, 3 suspect, 4 fail;
//     why is the reason. A missing value has qc 9 and its reason in vs.
//   - q2 is the verdict that came late for a value sent before: 3, 4 or 9.
//   - channel "fault" is a failed sample of the whole device; vs says how it failed.
//
// While the gateway has no trusted clock the record "pack" carries its boot id as
// boot_, and bt + t is seconds since that boot. The trailing underscore makes a
// consumer that does not know the label reject the pack (RFC 8428 §4.4). Such a
// pack is shown, neither stored nor acknowledged, but answered with Time and Echo;
// the gateway sends the records again when it can date them.
//
// The decoder takes everything in any order RFC 8428 allows: base fields anywhere,
// bv, a resolved pack, relative or absolute names. Unknown labels are passed over,
// unless they end in an underscore. Records with only a sum, booleans and data are
// refused: no stream of ours has them.
//
// # Commands
//
// A [Command] is signed with an Ed25519 key that the gateway's configuration names;
// without such a key a gateway takes none. It is published again until its [Reply]
// comes or its deadline has passed, so it may come any number of times, in any order:
//
//   - [Command.Verify] says whether the key is trusted and the signature is for this
//     gateway below this prefix. The configuration says which kinds a key may ask for.
//   - A command's id is in the gateway's journal before it is carried out, and its answer
//     before that leaves: one that comes again gets the same answer and does nothing.
//   - Of two commands about one subject ([Command.Subject]) the newer one counts; the
//     older one is refused as late if it comes behind it.
//   - Nothing is done after Until. The gateway turns that into its own boot time when
//     the command arrives, so no step of a clock moves it. Without a trusted clock it
//     cannot tell, and refuses what matters when it happens: read, still, actuate. A
//     rewind and an acknowledgement do the same whenever they come.
//   - Each command gets an answer: done, or a word that says why not.
//   - A power cut while a command is carried out: a rewind and an acknowledgement are
//     taken up when they come again, since twice is the same as once; of the others the
//     answer is interrupted, and it is not known how far they came.
//
// The kinds:
//
//	rewind       forget what a store has acknowledged from a time on, and send again what the journal holds
//	acknowledge  a person has seen an alert: its audible outputs go off, it stays active
//	read         sample a device now
//	still        take a camera's picture now, and send it
//	actuate      switch an output, on or off, for a time
//
// # Pictures
//
// A piece is one line of JSON ([ImageMeta]), a line feed, and at most [MaxPiece]
// bytes of the JPEG; all pieces but the last have exactly that.
//
// An alert's Pictures name what its rule's camera saw before the raise, at it and after
// it; the revision that raises the alert names all three, though the last one is taken
// later. Its moment is Since + since_ms, of the picture itself ImageMeta.At. Pictures
// have the last place on the link, so they come behind their alert: mostly a moment,
// after an outage hours. One that could not be taken, or was given up, never comes: an
// [Event] of kind missing names it and says why, as far as the gateway lived to write
// that down. Whoever shows an alert does not wait longer than an hour for a picture of
// which nothing was heard; it is shown if it comes then.
//
// # Versions and limits
//
// Every message has a version: v, and the last part of a pack's header. This
// program writes [Version] and reads the two before it; anything else is
// [ErrVersion]. Unknown fields are ignored. An empty retained message says nothing.
//
//	a message, before expansion       64 KiB   [MaxMessage]
//	a pack after expansion            1 MiB    [MaxExpanded], and 10 000 values [MaxValues]
//	ranges in a message, in a cursor  64       [MaxRanges], 1 024 [MaxSet]
//	a picture, a piece of it          4 MiB    [MaxImage], 16 KiB [MaxPiece] after a line of at most 1 KiB
//	a text, readings in an alert      1 000 B  [MaxText], 64 [MaxEvidence]
//	pictures of an alert              8        [MaxPictures]
//	devices, active alerts            1 000    [MaxDevices], [MaxActive]
//	channels, health                  256      [MaxListed]
//
// A [State] that is longer than a message may be travels as a zstd frame without a
// dictionary, told by its magic bytes; it has at most [MaxExpanded] bytes before.
package wire
