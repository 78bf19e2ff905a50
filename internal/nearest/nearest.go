// Package nearest finds the word that somebody may have meant, for the hints of
// error messages. It knows nothing of what words are about.
package nearest

// To is the known word that a wrong one may be meant to be; "" if none is like
// it: if more than half of it would have to change.
func To(word string, known []string) string {
	best, least := "", max(len(word), 3)/2+1
	for _, k := range known {
		if d := Distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// Distance is the number of bytes to insert, remove or replace to make b of a
// (Levenshtein).
func Distance(a, b string) int {
	row := make([]int, len(b)+1) // of the empty prefix of a
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
