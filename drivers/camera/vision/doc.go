// Package vision measures in the pictures of a standing camera: how bright and how sharp
// they are, what moves, whether somebody has covered, turned, blinded or defocused the
// camera, where the water stands on a staff gauge, whether something looks like smoke or
// flame, and whether somebody is in a zone.
//
// It is pure: decoded pictures and their times come in, readings go out; no clock, no
// I/O, nothing random. Equal pictures at equal times give equal readings. An [Eye] holds
// all of its memory from the beginning (about 2 MB) and allocates nothing while it looks.
//
// Every picture is reduced to 320 × 240 first, whatever its size and shape; only the
// staff is read from the picture as it is. Places in a picture are written as shares of
// its width and height, from 0 0 at the top left to 1 1 at the bottom right, so that they
// survive a change of resolution.
//
// The methods are known ones: a running background with the deviation of each pixel
// beside it, kept only where nothing moves; the variance of the Laplacian against what
// the same hour of the day gave before; the share of known edges that is left and their
// correlation (after Lee et al. 2015, and Sağlam and Temizel 2009); the rows of a staff
// between which activity ends; flame colours after Çelik and Demirel 2009 that are
// restless and stay; smoke as a region that loses edges and colour, spreads and churns.
//
// What is promised: a value that could not be measured is missing with a reason (unclear:
// the picture does not show it; warm-up: too little was seen yet; absent: such pictures
// cannot show it), never a number; so is all that compares with a view while what is seen
// is none: a lens that was covered before anything was learned. What is not: smoke and
// flame are unverified visual indications, made to call a person; this is no fire alarm
// system. Nothing here tells people from animals or cars, and nothing recognises anybody.
package vision
