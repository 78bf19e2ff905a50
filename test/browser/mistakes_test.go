package browser

import "testing"

// Buyer: a slip of the finger is told while typing, in the words of the form,
// and is gone when it is put right.
func TestAMistakeIsToldWhileTyping(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/do/change_batch?ref=batch-0461")
	v.fill("spinbutton", "Quantity", "-3")
	v.says("Nothing was saved Quantity is -3; it must lie between 0 and")
	v.until("keep the focus", `document.activeElement.name === 'qty'`)
	v.until("mark the field", `document.activeElement.getAttribute('aria-invalid') === 'true'`)
	v.hasNoBarriers()
	v.fill("spinbutton", "Quantity", "10")
	v.says("3 lines would change")
	v.until("take back the complaint", `!document.querySelector('#problem, [aria-invalid]')`)
}

// Buyer: lines lose their stock, and the tick was forgotten.
func TestWithoutTheTickThePageSaysThatNothingWasSaved(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	before := s.events()
	v.open("/do/change_batch?ref=batch-0474&qty=0")
	v.click("button", "Change the batch and 1 line")
	v.says("Nothing was saved Tick the box under the lines first")
	v.until("focus the message", `document.activeElement.id === 'problem'`)
	v.click("link", "Tick the box")
	v.until("lead to the box", `location.hash === '#seen'`)
	if s.events() != before {
		t.Error("something was saved")
	}
	v.click("checkbox", "I have seen the line that loses its stock")
	v.click("button", "Change the batch and 1 line")
	v.at("/batches/batch-0474")
}
