// Package service is the application: it takes commands to their handlers,
// handlers to products, and what products say to whoever wants to know.
//
//	Bus          one handler per command, any number per event (ch. 8-10)
//	UnitOfWork   what a handler works in: all of it happens, or nothing (ch. 6)
//	Transactor   group commit: many units of work, one transaction
//	Relay        takes committed events to subscribers outside of the database
//	Store        the port that databases implement; storetest says what it means
//
// It knows the domain and the views, and nothing of databases, HTTP or files.
package service
