// Package web is the HTTP side of the accounts: the door through which every request
// comes, and the handlers under /api/v1/auth that its openapi.json describes.
//
// Promised:
//
//   - Guard lets nobody pass but to what needs no account: to log in, the page's own
//     files, /healthz. It puts the auth.Principal into the context of what follows.
//   - The session's cookie is HttpOnly and SameSite=Strict and for the whole host; over
//     TLS it is Secure and has the prefix __Host-, so that no neighbour of the host can
//     set it. Its value is new after every login.
//   - A change with a cookie needs the X-CSRF-Token that login and me return, and must
//     come from the console's own origin. A token in the Authorization header needs
//     neither, and when there is one, cookies are not looked at.
//   - Answers hold no secret but the one that was just made, and are never stored by
//     caches.
//   - The address of a request is the connection's. Only behind a proxy that Options
//     names it is what that proxy says.
package web
