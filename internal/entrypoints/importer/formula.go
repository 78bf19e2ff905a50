package importer

import (
	"slices"
	"strconv"
	"strings"
)

// Spreadsheets take a cell that begins with one of a few characters for a
// formula, and run it. A quote before it makes it text again, and most
// spreadsheets don't show that quote. What is written here has it, and what is
// read here loses it, so that nothing is altered on the way there and back.

// Harmless is a cell as spreadsheets may see it: never a formula. Import reads
// it as what it was.
func Harmless(cell string) string {
	if isMarked(cell) {
		return "'" + cell
	}
	return cell
}

// harmless makes the cells of a row so, in place.
func harmless(cells []string) []string {
	for i := range cells {
		cells[i] = Harmless(cells[i])
	}
	return cells
}

// original undoes Harmless for the cells of a row, in place.
func original(cells []string) []string {
	for i, cell := range cells {
		if rest, quoted := strings.CutPrefix(cell, "'"); quoted && isMarked(rest) {
			cells[i] = rest
		}
	}
	return cells
}

// isMarked reports whether a cell gets a quote: because it would be a formula,
// or because it could not be told from one that got a quote.
func isMarked(cell string) bool {
	return isFormula(strings.TrimLeft(cell, "'"))
}

// isFormula reports whether a spreadsheet may take a cell for a formula. A
// negative number is none.
func isFormula(cell string) bool {
	if cell == "" || !slices.Contains([]byte("=+-@\t\r"), cell[0]) {
		return false
	}
	_, err := strconv.ParseFloat(cell, 64)
	return err != nil
}
