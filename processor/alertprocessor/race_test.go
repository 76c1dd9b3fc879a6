//go:build race

package alertprocessor

const raceDetector = true
