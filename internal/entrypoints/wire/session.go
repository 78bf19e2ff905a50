package wire

// SessionCookie is the name of the cookie that has the secret of a session. Over
// a secure connection its prefix makes browsers take it only from this very host,
// for all of its paths, and send it only securely.
func SessionCookie(secure bool) string {
	if secure {
		return "__Host-allot-session"
	}
	return "allot-session"
}
