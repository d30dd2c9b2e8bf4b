// Package console serves the operations console: a single page application
// that is built by npm from the sources in web/ and embedded into the program.
//
// What is promised: a path that is a file of the build is answered with that
// file; any other path without a file ending is a page of the application and is
// answered with its document, which finds the page itself; anything else is 404.
// Files whose names carry a hash are cacheable for ever, the document is asked
// for anew each time (it is answered with 304 while it is the same). Text is
// compressed once, when the handler is made.
//
// The build is not in version control. A program built without it answers every
// page with 503 and the command that makes it.
package console
