package journal

// OpenReaderOn is OpenReader on another file system.
func OpenReaderOn(fsys FS, dir string) (*Reader, error) { return openReader(fsys, dir) }
