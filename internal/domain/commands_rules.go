package domain

// SetPolicy says by which rule the lines of a product are placed from now on,
// and how much of its stock is kept back. Lines that have stock stay where they
// are. The same again changes nothing.
type SetPolicy struct {
	Origin
	SKU         string
	Policy      Change[string] // the name of one of Policies
	SafetyStock Change[int]    // units in the warehouse that new lines don't get, 0 to MaxQty
}

// PolicyAnswer is the answer to SetPolicy.
type PolicyAnswer struct {
	SKU, Policy string
	SafetyStock int
	Replayed    bool // it was so already
}

// CommandName implements Message.
func (SetPolicy) CommandName() string { return "set_policy" }

// Returns implements Command.
func (SetPolicy) Returns(PolicyAnswer) {}

// Validate implements Message.
func (c SetPolicy) Validate() error {
	if !c.Policy.Given && !c.SafetyStock.Given {
		return invalid("policy", "send a policy, a safety stock or both", "is missing, and so is safety_stock: there is nothing to change")
	}
	return firstOf(checkIdentifier("sku", c.SKU), checkPolicy(c.Policy.To), checkQty("safety_stock", c.SafetyStock.To, 0), c.Origin.validate())
}
