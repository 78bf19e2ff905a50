package eventjson

import (
	"encoding/json"
	"fmt"

	"allot/internal/domain"
)

// EncodeWishes returns the wishes of a line as JSON, or "" if it has none.
func EncodeWishes(w domain.Wishes) string {
	if w == (domain.Wishes{}) {
		return ""
	}
	body, _ := json.Marshal(w.Told()) // lists of texts and a number can't fail
	return string(body)
}

// DecodeWishes is the inverse of EncodeWishes.
func DecodeWishes(text string) (domain.Wishes, error) {
	if text == "" {
		return domain.Wishes{}, nil
	}
	var told domain.Wished
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return domain.Wishes{}, fmt.Errorf("decode what a line asks for: %w", err)
	}
	return told.Wishes(), nil
}
