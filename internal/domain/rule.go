package domain

// SetPolicy sets the policy and the safety stock of the product. Stock that is
// kept back no longer goes to those who wait.
func (p *Product) SetPolicy(policy Change[string], safetyStock Change[int]) PolicyAnswer {
	was := p.policyAnswer()
	p.policy, _ = PolicyNamed(policy.of(was.Policy))
	p.safetyStock = safetyStock.of(was.SafetyStock)
	answer := p.policyAnswer()
	if answer.Replayed = answer == was; answer.Replayed {
		return answer
	}
	p.outOfStock = false
	p.record(PolicySet{SKU: p.sku, Policy: answer.Policy, SafetyStock: answer.SafetyStock})
	if p.safetyStock < was.SafetyStock {
		p.offer(PolicyChanged, "")
	}
	return answer
}

func (p *Product) policyAnswer() PolicyAnswer {
	return PolicyAnswer{SKU: p.sku, Policy: p.policy.Name, SafetyStock: p.safetyStock}
}

// AsOf tells a draft which day it is. Without that, nothing in the warehouse
// has expired.
func (p *Product) AsOf(today Date) { p.today = today }
