package cli

import (
	"fmt"
	"slices"
	"strings"

	"allot/internal/config"
	"allot/internal/nearest"
)

const variablePrefix = "ALLOT_"

// strayVariables names the variables that nobody reads, of those that look like a
// setting written wrongly.
func (r *run) strayVariables() (out []string) {
	if r.Environ == nil {
		return nil
	}
	known := []string{"TOKEN"}
	for _, s := range config.Settings() {
		known = append(known, strings.TrimPrefix(s.Variable(), variablePrefix))
	}
	for _, variable := range r.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		word, ours := strings.CutPrefix(strings.ToUpper(name), variablePrefix)
		if !ours || slices.Contains(known, word) && name == variablePrefix+word {
			continue
		}
		if strings.HasPrefix(word, "PORT") || strings.HasPrefix(word, "SERVICE_") { // Kubernetes sets them where a service is called allot
			continue
		}
		if near := nearest.To(word, known); near != "" {
			out = append(out, fmt.Sprintf("%s is not read: did you mean %s%s?", name, variablePrefix, near))
		}
	}
	slices.Sort(out)
	return out
}
