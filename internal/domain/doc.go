// Package domain is the model of stock allocation. It knows nothing of
// databases, networks, clocks or goroutines: it is given what it needs and
// answers with what happened.
//
//	OrderLine  value object   what an order wants of one SKU
//	Line       entity         an order line that was accepted, and where it stands
//	Batch      entity         stock bought together, in the warehouse or at sea
//	Product    aggregate      the batches of one SKU; what is changed together or not at all
//	Command    message        a request to do something; it has exactly one handler
//	Event      message        a fact, in the business's words; any number of handlers
package domain
