package httpapi

import (
	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/service"
)

// term is what a member or parameter of some name means. One word means one
// thing, wherever it is.
type term struct {
	means string
	oneOf []any // nil: anything
}

// terms has every name there is.
var terms = map[string]term{
	// What-ifs that are saved.
	"store":      {means: "Keep the changes for 90 days, for others to look at."},
	"page":       {means: "The path of its page, for people."},
	"kept_until": {means: "When it may be forgotten."},
	"saved_plan": {means: "What the changes would have done when they were saved, in short, as `plan` has it."},
	"same":       {means: "The changes would still do what they would have done when they were saved."},
	"what_if":    {means: "What the changes would do now. None: they would be refused."},

	// What things are called.
	"order_id":  {means: "The order."},
	"sku":       {means: "The product's SKU. Compared byte by byte, as all identifiers are."},
	"ref":       {means: "The batch's reference."},
	"batch_ref": {means: "The batch that the line is allocated to."},
	"seq":       {means: "The place in the order of acceptance or creation: smaller is older."},

	// Quantities are units.
	"qty":               {means: "Units: at least 1 of a line; of a batch those purchased in all, at least 0."},
	"allocated":         {means: "Units allocated; of an order the number of such lines."},
	"available":         {means: "Units that can still be allocated."},
	"on_hand":           {means: "Units in the warehouse, whosever they are."},
	"inbound":           {means: "Units on their way."},
	"backordered":       {means: "Units that wait for stock; of an order the number of such lines."},
	"backordered_lines": {means: "Lines that wait for stock."},
	"cancelled":         {means: "Lines that were cancelled."},
	"largest_fit":       {means: "The largest line of this SKU that one batch could take."},
	"held":              {means: "Lines that are held."},
	"shipped":           {means: "Units that were shipped; of an order the number of such lines."},
	"returned":          {means: "Units that came back, of those that were shipped."},
	"expired":           {means: "Lines whose hold ended."},
	"lines":             {means: "The lines, or how many there are."},
	"batches":           {means: "The batches that have stock left or lines allocated, in the order of their use."},

	// Dates are YYYY-MM-DD.
	"eta":             {means: "The day that the batch arrives. None: it is in the warehouse."},
	"promise":         {means: "The day that the line's stock arrives. None: it is in the warehouse, or there is no batch. Of a question the batch and the day it would come from."},
	"first_eta":       {means: "The ETA as it was at first. None: in the warehouse."},
	"eta_changed":     {means: "It was expected on another day at first: first_eta."},
	"first_promise":   {means: "What was promised at first. None: it was in the warehouse."},
	"promise_changed": {means: "It was promised otherwise at first: first_promise."},
	"required_by":     {means: "The day that the line is needed. None: as soon as possible."},
	"held_until":      {means: "When the hold ends by itself."},
	"priority":        {means: "How much the line matters, 0 to 9. None: 5."},
	"closed":          {means: "It takes no new lines."},
	"hold_until":      {means: "If given, the line is but a hold: it never waits, and ends by itself at this time unless it is confirmed. RFC 3339."},
	"by":              {means: "The batch or order that caused it, if not the line's own; of a question the day when it is needed."},
	"as_of":           {means: "The day that counts as today. If it isn't given: today in the server's time zone."},
	"date":            {means: "The day. None: it is in the warehouse."},
	"days":            {means: "By how many days; of a question for how many days, from today on, to tell what is available."},
	"by_day":          {means: "How things stand on each day that was asked for, as they are planned."},
	"supply":          {means: "Units in the warehouse by then, whosever they are, without those that are overdue."},
	"overdue":         {means: "Units that should have come before today."},
	"withheld":        {means: "Units that are not allocated, and that new lines don't get: in closed batches, expired, or safety stock."},
	"late":            {means: "It comes after the day when it is needed."},
	"dates":           {means: "What comes, by day; the warehouse, if it has anything, first."},
	"units":           {means: "Units that come on that day, whosever they are."},
	"unknown":         {means: "There is no such product."},
	"from_eta":        {means: "The ETA of the batch that the line had been in. None: it is in the warehouse."},
	"to_eta":          {means: "The ETA of the batch that the line is in then. None: it is in the warehouse."},

	// Tokens.
	"scopes":  {means: "What the token may do.", oneOf: []any{string(access.Read), string(access.Allocate), string(access.Stock), string(access.Admin)}},
	"created": {means: "When it was made."},
	"expires": {means: "Until when it opens anything. None: for ever."},
	"revoked": {means: "When it was revoked. None: it wasn't."},
	"secret":  {means: "Of a token what to send as Authorization: Bearer; of a webhook what its requests are signed with. Only ever told once."},

	// Mails, webhooks and the live feed.
	"id":      {means: "Its number; of a what-if letters and digits that nobody can guess; of a message where it came from, and its name there."},
	"topic":   {means: "What the mail is about: out_of_stock or promise_later."},
	"count":   {means: "Events that the mail tells of."},
	"due":     {means: "The mail is not sent before."},
	"sent":    {means: "When it was sent, or kept."},
	"to":      {means: "Of a mail to whom; of a move the batch that the line is in then, none: it is backordered, or its hold ended; of events the position of the last."},
	"subject": {means: "The mail's subject."},
	"body":    {means: "Of a mail its text; of a message the first 64 KiB of it, as it came."},
	"url":     {means: "Where events are posted to."},
	"events":  {means: "Of a webhook the types of the events that it gets, none: all; of an answer how many events are delivered again."},
	"after":   {means: "The position of the last event that is known already."},
	"types":   {means: "Types of events, with commas between them. None: all."},

	// Deliveries.
	"error":        {means: "What was wrong the last time."},
	"subscription": {means: "What the events are delivered to: webhook-1."},
	"behind_since": {means: "When the oldest event happened that it is at, or stuck at. None: it is through."},
	"trouble":      {means: "Why it is held up, in words. None: it is not."},
	"number":       {means: "The one parked first has the smallest."},
	"attempts":     {means: "Attempts that failed. 0: it was put off on purpose."},
	"parked":       {means: "It is tried again only when somebody asks for it."},

	// Commands and what became of them.
	"policy":         {means: "The policy by which lines are placed. None: earliest.", oneOf: policyNames()},
	"safety_stock":   {means: "Units in the warehouse that new lines don't get."},
	"location":       {means: "Where the batch lies, or will arrive; of a question what is there alone. None: no particular one."},
	"use_by":         {means: "The last day on which the batch is good. None: it keeps."},
	"locations":      {means: "Where the line would rather have its stock from, the best first: it decides between batches that are equal otherwise."},
	"only_locations": {means: "The only locations that the line takes stock from, the best first. Not with locations."},
	"min_life_days":  {means: "For how many days after the promise the stock must be good, at least."},
	"places":         {means: "The stock by location, if any batch has one."},

	"on_shortage": {means: "What becomes of a line that finds no stock: it is kept, or forgotten.", oneOf: []any{string(domain.KeepBackorder), string(domain.Refuse)}},
	"description": {means: "The product's name for people."},
	"reason":      {means: "A short word for why: damaged. Kept with the events. Of a batch that was passed over: other_location, expired, short_life, too_late or safety_stock; none: it had too little."},
	"note":        {means: "Free text. Kept with the events."},
	"dry_run":     {means: "Answer as if it were done, and do nothing."},
	"replayed":    {means: "It was so already: nothing was changed."},
	"mode":        {means: "Each line for itself, or all lines now or nothing.", oneOf: []any{string(domain.EachLine), string(domain.AllLines)}},
	"may_move":    {means: "It may lose its place if it can't keep it."},
	"frozen":      {means: "Re-planning leaves the line where it is."},
	"planned":     {means: "How many lines were placed afresh."},
	"moved":       {means: "How many of them stand elsewhere now."},
	"moves":       {means: "Other lines that change place, or are promised for another day, because of it. Always there in a dry run."},
	"plan":        {means: "What a dry run says of what it would do, in short. Sent with the real request, that is done only if it does the same."},
	"now":         {means: "How things are, if they are not as the sender saw them: the version of the product, or what the request would do."},
	"http_status": {means: "The status that the line would have got by itself."},
	"line":        {means: "The line."},
	"from":        {means: "Of a move the batch that the line had been in, none: it was backordered; of events the position of the first."},

	// What-if.
	"changes":       {means: "Commands, each as a line of /v1/bulk, in the order in which they are tried."},
	"later":         {means: "Lines whose stock comes on a later day."},
	"earlier":       {means: "Lines whose stock comes on an earlier day."},
	"without_stock": {means: "Lines that wait for stock then, and didn't, or are new."},
	"filled":        {means: "Lines that waited for stock, and have it then."},
	"effect": {means: "What the move is to the order.", oneOf: []any{string(service.Later), string(service.Earlier), string(service.SameDay),
		string(service.WithoutStock), string(service.Filled), string(service.Placed), string(service.Ended)}},

	// Reasons.
	"why":         {means: "Why the line stands where it does."},
	"rule":        {means: "The rule that chose the batch."},
	"cause":       {means: "What set it off; of an event the message that asked for it."},
	"passed_over": {means: "Batches that had stock left, but not for the line; at most five."},
	"more":        {means: "How many further batches were passed over."},
	"moved_from":  {means: "The batch that the line was in before."},

	// The event log.
	"at":              {means: "When it was decided."},
	"command":         {means: "The command that it came of."},
	"actor":           {means: "Who asked for it."},
	"correlation":     {means: "The id of the request that it came of."},
	"traceparent":     {means: "The request in the traces of its sender, as in W3C Trace Context."},
	"position":        {means: "The place of the event in the log."},
	"product_version": {means: "The version of the product; every event is one more."},
	"data":            {means: "What the event says, by its type."},

	// Lists.
	"items":  {means: "The items of this page."},
	"next":   {means: "The address of the next page. None: this is the last."},
	"limit":  {means: "How many items a page may have; more than 500 is cut to that."},
	"cursor": {means: "Where the page begins: `next` of the page before has it."},

	// Problems.
	"type":       {means: "Of an event its name; of a problem where it is explained, on the same server."},
	"title":      {means: "The same for all problems of a code."},
	"status":     {means: "Where it stands; of a problem the HTTP status."},
	"unsafe":     {means: "What the database may lose of what was acknowledged, if it was allowed to."},
	"code":       {means: "What programs go by. It never changes."},
	"detail":     {means: "What is wrong, for people."},
	"field":      {means: "The member or parameter that it is about."},
	"hint":       {means: "What to do next."},
	"request_id": {means: "The id of the request, as in the header X-Request-Id."},

	// The program.
	KeyHeader:    {means: "What you call the request. Sent again with it, within seven days, the request is answered as it was the first time, and nothing is done: the answer has Idempotency-Replayed: true."},
	UnlessHeader: {means: "ETags that you have what belongs to: if one is still right, the answer is 304, without a body."},
	MatchHeader:  {means: "The ETag of the product, or of one of its batches or lines: do it only if nothing has happened to the product since."},
	"name":       {means: "What it is called: a token after who uses it."},
	"version":    {means: "Its version."},
}

func policyNames() (names []any) {
	for _, p := range domain.Policies() {
		names = append(names, p.Name)
	}
	return names
}
