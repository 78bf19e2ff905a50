module allot

go 1.26.0

require golang.org/x/text v0.41.0 // indirect
