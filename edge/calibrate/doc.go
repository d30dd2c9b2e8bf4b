// Package calibrate lets a person draw what a camera is told of places in its picture:
// masks, zones and the two marks of a staff gauge, on the newest still, while the page
// shows what the camera measures. The page is one file without any other, below
// /camera/ID on the gateway's own page. What was drawn goes into the configuration file
// by [Redraw], which changes nothing else there.
//
// What it promises:
//
//   - Nothing of a camera is shown and nothing is changed for who has not given the
//     number of the gateway (a [Door]); a change also needs the session's token, an
//     Origin that is the page's own, and JSON. So no other web page can make the
//     engineer's browser draw.
//   - Masks that are in the configuration are black here, too: what is masked never
//     leaves the camera's driver. To see what is behind one, delete it, save and draw it
//     again; both stand in the gateway's log.
//   - A picture is asked for when a page asks for one, and at most every two seconds, however
//     many do; a page that was closed asks for none. A session ends half an hour after the last
//     change.
//   - A file that somebody else has changed meanwhile is never overwritten: Book.Save is told
//     what the drawing was made on.
package calibrate
