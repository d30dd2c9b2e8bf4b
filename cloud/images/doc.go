// Package images puts the pieces of pictures together and keeps the pictures.
//
// Promised: when Piece says that a picture is stored, its file is complete, synced
// and in its final place, and its row is committed; with Options.InDB both are rows. A picture that comes twice is
// stored once and reported as stored twice. Memory for pictures under way is
// bounded, whoever sends; what does not get complete within a while is forgotten,
// and its gateway sends it again. The disk they take is bounded too: the oldest go
// first, and those that belong to an alert go last.
//
// In a database that several aggregators share, each of them is sent all pieces and the
// first that has them all keeps the picture, so that one which dies costs nothing.
//
// What is not a JPEG (ITU-T T.81) of a sensible size is refused, not kept.
package images
