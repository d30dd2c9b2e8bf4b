// Package packed sends what the web server answers in gzip where the reader takes it: files
// and other documents that are there before anybody asks, each packed once (Document), and
// long JSON that is made for one reader (Writer). It is the one place that knows of
// Accept-Encoding and If-None-Match.
package packed
